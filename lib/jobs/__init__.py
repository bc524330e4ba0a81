"""One queue for long work: the states of jobs, claims by lease, the worker, and what the kinds of jobs do (`tasks`).

Not here: what an export job does (`lib.exports.service`), and which worker takes which kind (`lib.workspace`).
"""
