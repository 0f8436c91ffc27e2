"""Keys and sealing: pure functions; the only importer of `cryptography`."""
