"""What the assistant may do: one class per tool. `toolbox.Tools` is all of them."""
