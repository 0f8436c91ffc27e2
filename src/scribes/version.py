"""The version of Scribes."""

__version__ = "0.1.0"
