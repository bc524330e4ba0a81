"""Who may see what: keys of programs, and the limits that they carry."""
