"""Choices and keys."""
