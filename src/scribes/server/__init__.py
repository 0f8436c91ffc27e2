"""The server: accounts, circles, sync and the interface under /v1, over the same core as the command line."""
