"""What holds a language model: nothing leaves that no tool showed, and nobody's number reaches it."""
