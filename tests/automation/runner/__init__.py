"""Tests of strategies that run by themselves."""
