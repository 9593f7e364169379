"""Market data: values, providers, exact resampling and plain-worded quality checks."""
