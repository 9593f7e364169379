"""The engine room: declarations, policy door, tasks, jobs, time, errors. There is no trading in it."""
