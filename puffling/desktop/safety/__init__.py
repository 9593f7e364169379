"""Parts of the safety console."""
