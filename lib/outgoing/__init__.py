"""All that goes out of a workspace by itself, put together: reports, and the mail that carries them.

What is sent, to whom and when is decided in the packages that this one puts together.
"""
