"""The search for better parameters: what may vary, what each set came to, how far the best can be trusted.

A search tries sets of parameters of one strategy on the same bars; each of them is a trial. It chooses on the
first part of history (seen) and looks at the rest only afterwards (unseen).
"""
