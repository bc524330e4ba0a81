"""What stands between the network and everything that is served: pages, files, uploads, the API."""
