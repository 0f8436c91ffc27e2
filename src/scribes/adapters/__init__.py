"""Calls to what lies outside Scribes, named <port>_<technology>."""
