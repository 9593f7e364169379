"""The indicators; every class in these files that is an Indicator is offered."""
