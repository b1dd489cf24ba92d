"""What people write, read without a model: pure functions of text."""
