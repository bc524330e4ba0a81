"""What the process says of itself: the log, what is starred out of it, and what is counted.

Not here: the routes that show whether it is alive and what it counts (`lib.api.routes.health`), and the audit log of
what people do (`lib.access.audit_log`).
"""
