"""Questions and changes, one file per kind of record; each repository is made for one user."""
