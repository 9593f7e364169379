"""What the Backtest panel is made of: the question, the running test, its report, the history of reports."""
