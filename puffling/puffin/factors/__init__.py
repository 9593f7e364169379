"""Factors: what is computed from prices before a strategy or a chart looks at it."""
