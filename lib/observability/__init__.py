"""What the process says of itself: the log, what is starred out of it, and what is counted."""
