"""The shared query module: pages, API and exports get every number from here."""
