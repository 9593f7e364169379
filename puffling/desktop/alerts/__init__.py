"""Alerts in the window: a panel, lines on charts, and what is said when one is raised."""
