"""Parts of the Portfolio and Trades panels."""
