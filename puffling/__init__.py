"""Puffling: a personal trading application."""

__version__ = "0.1.0"
