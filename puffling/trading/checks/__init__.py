"""What the gate asks of every order, one small function for each question."""
