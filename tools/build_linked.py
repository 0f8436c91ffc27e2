"""Make linked.links, by which notes are linked, from the bundled cross references: both ways, strong ones alone.

python tools/build_linked.py            writes it
python tools/build_linked.py --check    only says whether it is up to date; exit status 1 if not

A row of the bundled table says that one passage leads to another, not that the other leads back: of each only the
strongest are kept. A link between notes must be the same from both sides, so each row is put here both ways.
"""

from __future__ import annotations

import sys
from pathlib import Path

from scribes.domain.links import LIGHTEST, LINKED_TABLE, REACH
from scribes.scripture import canon, crossrefs, passage_table

# Weights are rounded down to this: the table is a fifth smaller.
STEP = 25


def rows() -> list[passage_table.Row]:
    """The rows of the table: verse by verse, between passages that are short enough to be about one thing."""
    table = crossrefs.open_table(crossrefs.BUNDLED)
    # What several rows say of two verses adds up, as `crossrefs.of` does it; the strongest names the reason.
    found: dict[tuple[int, int], tuple[int, int, str]] = {}
    first, last = canon.whole_book(1)[0], canon.whole_book(canon.LAST_BOOK)[1]
    for verse in canon.expand(first, last):
        for start, end, weight, reason in table.rows(verse, verse):
            verses = canon.expand(start, end)
            for far in verses if len(verses) <= REACH and verse not in verses else ():
                total, most, why = found.get((verse, far), (0, 0, ""))
                most, why = max((most, why), (weight, table.reasons[reason]))
                found[verse, far] = (total + weight, most, why)
    rows = []
    for (verse, far), (total, _, why) in found.items():
        back, _, back_why = found.get((far, verse), (0, 0, ""))
        known = max(total, back) // STEP * STEP
        if known >= LIGHTEST:
            rows.append((verse, verse, far, far, known, why))
            # Where nothing leads back, the way back has the same reason.
            rows += [] if back_why else [(far, far, verse, verse, known, why)]
    return merged(rows)


def merged(rows: list[passage_table.Row]) -> list[passage_table.Row]:
    """The rows with verses side by side made into passages: half as many."""
    joined: list[passage_table.Row] = []
    for start, end, far, far_end, weight, why in sorted(rows, key=lambda row: (row[0], *row[4:], row[2])):
        last = joined[-1] if joined else None
        if last and (last[0], *last[4:]) == (start, weight, why) and canon.next_verse(last[3]) == far:
            joined[-1] = (start, end, last[2], far_end, weight, why)
        else:
            joined.append((start, end, far, far_end, weight, why))
    again: list[passage_table.Row] = []
    for row in sorted(joined, key=lambda row: (*row[2:], row[0])):
        last = again[-1] if again else None
        if last and last[2:] == row[2:] and last[1] + 1 == row[0]:
            again[-1] = (last[0], *row[1:])
        else:
            again.append(row)
    return sorted(again)


def main(arguments: list[str]) -> int:
    """Write the table, or compare it."""
    about = dict(crossrefs.open_table(crossrefs.BUNDLED).about) | {"lightest": str(LIGHTEST)}
    data = passage_table.pack(rows(), about)
    place = Path(LINKED_TABLE)
    if "--check" in arguments:
        fresh = place.exists() and place.read_bytes() == data
        print(f"{place.name} is {'up to date' if fresh else 'out of date'}")
        return 0 if fresh else 1
    place.write_bytes(data)
    print(f"{place.name}: {len(data):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
