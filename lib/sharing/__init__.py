"""What people keep and hand on: saved views, notes, links that last."""
