"""One queue for long work: states, claim by lease, worker."""
