"""The paths by what they are about: analytics, evaluations and exports under /v1; health and metrics beside it."""
