"""What is told at once: changes of the data, and answers that are kept as new as they are."""
