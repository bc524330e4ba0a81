"""Two processes over one PostgreSQL, behind each proxy that deploy/ has a configuration for."""
