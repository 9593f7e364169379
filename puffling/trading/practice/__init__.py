"""Practising on past bars: what is kept of it, and how it is shown."""
