"""What can be asked: the fields of an evaluation, dimensions, measures and metrics; no query and no words of a page."""
