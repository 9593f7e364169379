"""How fast Puffling is, measured side by side with what it stands on. Not part of the test suite."""
