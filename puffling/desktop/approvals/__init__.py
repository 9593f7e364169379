"""Parts of the panel of approvals."""
