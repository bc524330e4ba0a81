"""Who may do and see what: users with their roles and grants, sessions of log-ins, API keys, signing, the audit log.

Not here: the log-in at an OpenID provider, which is Streamlit's (`lib.ui.login`, `lib.web.login_redirect`); what a
grant does to a query (`lib.analytics.grants`); what a page or a route demands (`lib.ui.current_user`,
`lib.api.dependencies`).
"""
