"""Make the dictionary that changes are deflated with: the words of the World English Bible that save most, 4 KB.

    python tools/build_dictionary.py > src/scribes/storage/dictionary-1.txt

The text is public domain; the words are ordered so that the most useful stand last, where deflate finds them cheapest.
A dictionary that was released is never changed: what was deflated with it could not be read any more. A better one
gets the next number, and a coding number of its own in `storage/coding.py`.
"""

from __future__ import annotations

import collections
import re
import sys

from scribes.scripture import canon, texts

SIZE_BYTES = 4_000
# What every change looks like around its words.
FRAME = '"topics":["","tags":["","series":"","venue":"","speaker":"","occurred":[17,60],"title":""}{"b":[[0,0,"'


def main() -> None:
    """Print the dictionary."""
    verses = texts.read(canon.ordinal(1, 1, 1), canon.ordinal(66, 22, 21), translation="web")
    counted = collections.Counter(word for verse in verses for word in re.findall(r" \w+[,.]?", verse.text))
    # Deflate needs three bytes for a match: what a word saves grows with its length beyond them.
    ranked = sorted(counted, key=lambda word: -counted[word] * (len(word) - 2))
    chosen: list[str] = []
    for word in ranked:
        if sum(map(len, chosen)) + len(word) > SIZE_BYTES - len(FRAME):
            break
        chosen.append(word)
    sys.stdout.write("".join(reversed(chosen)) + FRAME)


if __name__ == "__main__":
    main()
