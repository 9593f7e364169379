"""Orders in the window: their words, their rows, and what the person does to them."""
