"""A process that adds, changes and removes notes, and says `done ID BODY` when each is on disk; killed by the test."""

import random
import sys

import scribes


def main() -> None:
    number = int(sys.argv[1])
    source = random.Random(number)
    with scribes.open() as s:
        print("ready", flush=True)
        sys.stdin.readline()
        ids: list[str] = []
        for step in range(100_000):
            choice = source.random()
            if choice < 0.6 or not ids:
                note = s.notes.add(f"note {number}", f"{number}-{step}-" + "x" * source.randrange(3000))
                ids.append(note.id)
                print(f"done {note.id} {number}-{step}", flush=True)
            elif choice < 0.9:
                id = source.choice(ids)
                s.notes.change(id, scribes.NotePatch(body=f"{number}-{step}-changed"))
                print(f"done {id} {number}-{step}", flush=True)
            else:
                id = ids.pop(source.randrange(len(ids)))
                s.notes.remove([id])
                print(f"done {id} removed", flush=True)


main()
