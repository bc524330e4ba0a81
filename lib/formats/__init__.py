"""What file formats demand of whoever reads or writes them: child processes with limits, formula injection."""
