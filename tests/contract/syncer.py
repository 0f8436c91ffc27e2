"""A process that writes, syncs, compacts, removes members and lets them in again, until it is killed by the test.

`syncer.py FOLDER KIND SEED`: says `note TITLE` when a note is on disk, `synced` when the remote has acknowledged all.
"""

import random
import sys
from pathlib import Path

from scribes import NotePatch
from scribes.errors import Conflict, Forbidden, NotFound
from tests.contract.people import People


def main() -> None:
    folder, kind, seed = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    source = random.Random(seed)
    print("ready", flush=True)
    sys.stdin.readline()
    people = People(folder, kind)
    anna = people.open("anna")
    for step in range(100_000):
        choice = source.random()
        if choice < 0.4:
            title = f"{seed}-{step}"
            anna.notes.add(title, "Grace upon grace. " * source.randrange(60))
            print(f"note {title}", flush=True)
        elif choice < 0.55:
            note = source.choice(anna.notes.recent(limit=5))
            anna.notes.change(note.id, NotePatch(body=f"{note.body}\n{seed}-{step}"))
        elif choice < 0.6:
            own = [note for note in anna.notes.recent(limit=5) if not anna.sharing.circle_of(note.id)]
            if own and people_have(anna, "Bethel"):
                anna.sharing.share(own[0].id, "Bethel")
        elif choice < 0.88:
            done = anna.sync.run(may_remove=True)
            print(f"synced {sum(one.sent for one in done)}", flush=True)
        elif choice < 0.94:
            anna.sync.compact()
            print("compacted", flush=True)
        else:
            come_and_go(people)
            print("came and went", flush=True)


def people_have(vault, name):  # type: ignore[no-untyped-def]
    return any(circle.name == name for circle in vault.circles.each())


def come_and_go(people: People) -> None:
    """Carl is removed from the circle and joins again; what a killed process had done already is passed over."""
    anna, carl = people.open("anna"), people.open("carl")
    try:
        anna.circles.remove("Bethel", "carl")
    except (NotFound, Forbidden):
        pass
    try:
        carl.sync.run(may_remove=True)
        carl.circles.join(anna.circles.invite("Bethel").link)
        # Who is a member is known by name from then on.
        anna.sync.run(may_remove=True)
    except (Conflict, NotFound, Forbidden):
        pass


main()
