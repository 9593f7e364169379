"""The composition root and the policy."""
