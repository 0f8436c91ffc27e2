"""Text as typed, made plain without moving a character: one dash, one space, one kind of digit."""

from __future__ import annotations

_PLAIN = (
    ("-", "‐‑‒–—―−﹘﹣－⁃"),
    ("~", "〜～∼˜"),
    (
        " ",
        "\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u202f\u205f\u2060\u3000\ufeff",
    ),
    (":", "：∶ː"),
    (",", "，、"),
    (";", "；"),
    (".", "．。"),
    ("(", "（"),
    (")", "）"),
    ("'", "‘’ʼ′"),
    ('"', "“”„«»"),
    ("\n", "\r\u2028\u2029\x85"),
    *((str(digit), chr(0xFF10 + digit)) for digit in range(10)),
)
_PAIRS = tuple((mark, plain) for plain, marks in _PLAIN for mark in marks)
_ASCII_PAIRS = tuple(pair for pair in _PAIRS if pair[0].isascii())


def plain_typography(text: str) -> str:
    """Return a text of the same length in which every dash, space, quote and digit has its plain form.

    A search for each mark costs a memchr; translating every character would cost twenty times as much.
    """
    for mark, plain in _ASCII_PAIRS if text.isascii() else _PAIRS:
        if mark in text:
            text = text.replace(mark, plain)
    return text
