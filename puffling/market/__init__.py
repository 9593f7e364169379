"""Live market data: feeds in order of trust, a cache of closed bars, one board of newest prices."""
