"""The panels: one file each, found by walking this folder; they never import each other."""
