"""Pictures of every panel and workspace, to be looked at."""
