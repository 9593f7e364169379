"""What a person draws on charts: lines, levels and notes that stay at their times and prices."""
