"""The parts of the Data panel: bars, what is wrong with them, splits and dividends, their origin."""
