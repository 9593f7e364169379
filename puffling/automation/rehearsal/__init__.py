"""Rehearsals: a strategy lives through a past range as it would live now, in a process of its own.

What lives is the real thing: the runner that decides, the desk with its gate and the person's limits, a
database in a folder that goes at the end, and the paper broker; only the clock and the market are played.
Nothing of it can reach the person's data or a broker: it knows neither their folder nor their keys.
"""
