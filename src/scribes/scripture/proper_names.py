"""The names of persons, peoples and places in the Bible, in small letters: found in the bundled text itself."""

from __future__ import annotations

import re
from functools import cache

_WORD = re.compile(r"[^\W\d_]+")
_MIDDLE = re.compile(r"[ ,]+")
_LAST = 10**9
_LEAST_LETTERS = 3


@cache
def proper_names() -> frozenset[str]:
    """Return the words that stand within a sentence with a capital, and nowhere with a small letter; kept once read."""
    from scribes.scripture import texts

    small: set[str] = set()
    capital: set[str] = set()
    for verse in texts.read(0, _LAST):
        before = -1
        for word in _WORD.finditer(verse.text):
            if word[0][0].islower():
                small.add(word[0])
            elif before > 0 and _MIDDLE.fullmatch(verse.text, before, word.start()) and not word[0].isupper():
                capital.add(word[0].lower())
            before = word.end()
    return frozenset(word for word in capital - small if len(word) >= _LEAST_LETTERS)
