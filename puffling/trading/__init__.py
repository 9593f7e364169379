"""The road to the broker. So far it has its barrier: the halt switch, which needs no program to work."""
