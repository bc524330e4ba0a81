"""Mails as values: a page as HTML with inline pictures and as plain text, and short messages in the same look.

What a page says comes from its value, so a mail holds the numbers that the page shows. Nothing here asks a database,
knows a recipient, or sends.
"""
