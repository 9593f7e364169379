"""What a company reports, as widgets; loaded when the first company is looked at."""
