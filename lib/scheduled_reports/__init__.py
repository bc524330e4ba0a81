"""Reports that go to people by themselves: what one is, when it is due, who gets what, its runs, and what it carries.

A report is a page's value as a mail (`lib.mail`); how mail goes out is in `lib.delivery`.
"""
