"""Strategies in the window: a library to choose from, forms made of declarations, signals on the charts."""
