"""The engine room: declarations, policy door, tasks, jobs, time, errors. There is no trading in it."""

import os

# Pydantic would load whatever package calls itself its plugin into a program that holds keys, and
# looking for one through everything installed takes a fiftieth of a start.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
