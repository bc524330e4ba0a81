"""What stands between the network and everything that is served: pages, files, uploads, the API.

Parsers of HTTP and websockets with limits, host names, headers of security, packed files, bodies, log-in redirects,
tokens of providers, and turns of what computes. Not here: sessions and roles (`lib.access`), and rates of keys
(`lib.api.throttle`).
"""
