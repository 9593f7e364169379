"""The terminal face: every ability is a verb, made from its declaration when it is typed.

It acts through the process that owns the data, or owns them itself for the call. The verbs are read
from whoever will carry them out, so that a terminal and a window of different versions still agree.
"""
