"""A room for charts: panes side by side, what links them, templates, and bar replay."""
