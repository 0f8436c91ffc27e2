"""`python -m scribes`."""

from .cli.main import run

run()
