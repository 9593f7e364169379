"""The order ticket: what is filled in, what is offered, what every gate says before anything leaves."""
