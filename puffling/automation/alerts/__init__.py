"""Alerts: what a person wants to hear about, watched while Puffling runs, told once each time."""
