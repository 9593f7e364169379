"""What speaks and acts for the person when asked in words. So far: the tools an assistant may use."""
