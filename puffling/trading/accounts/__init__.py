"""Where money lies: the paper account that is always there, and accounts at brokers."""
