"""How far a result can be trusted: each check is a pure function, the verdict puts them into plain words.

Sharpe ratios in here are those of a bar, not of a year, because their errors are known per bar.
"""
