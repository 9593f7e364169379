"""Builds, starts and stops everything: the only place that knows all the floors."""
