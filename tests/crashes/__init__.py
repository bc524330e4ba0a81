"""kill -9 at random moments: what was acknowledged is there, nothing twice, nothing half."""
