"""What the Quote panel is made of: the facts of one symbol, its tape and its order book, each drawn."""
