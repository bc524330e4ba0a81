"""How the texts of settings are read: addresses of databases, web and mail servers; and the settings of some rooms."""
