"""How a chart looks: kind, scale, hours, comparison, and taking it elsewhere as a picture or a table."""
