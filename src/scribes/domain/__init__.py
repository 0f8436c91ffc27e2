"""Pure rules: data in, data out. No I/O, no clock, no randomness."""
