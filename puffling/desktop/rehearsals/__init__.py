"""Parts that show rehearsals."""
