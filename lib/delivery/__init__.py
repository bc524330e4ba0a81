"""What goes out: the outbox, each entry once to each address, and mail over SMTP. Not what is said, nor to whom."""
