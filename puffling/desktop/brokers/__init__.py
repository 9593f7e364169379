"""Connecting a broker, and which account orders go to."""
