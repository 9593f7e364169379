"""A result on one sheet: a page that needs no other file, and the same on paper."""
