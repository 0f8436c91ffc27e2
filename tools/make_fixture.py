"""Make the test fixture of the file format this Scribes writes: a small vault with its key, for all later ones to open.

    python tools/make_fixture.py tests/fixtures/format-1

A fixture that landed is never made again: it stands for the files that people have.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from datetime import UTC, datetime

import scribes
from scribes.adapters.remote_folder import FolderRemote
from scribes.config import load
from scribes.models.prayers import NewPrayer
from scribes.models.reminders import NewReminder

WALL_TIME = datetime(2040, 5, 6, 18)  # noqa: DTZ001 - in the zone of the reminder
PASSPHRASE = "the heavens declare"
BODY = "John 1:16\n\nOf his fulness all received; see v. 17 and Romans 5:15-21. #grace"


def main() -> None:
    """Write `vault.scribes` and its key header, opened by PASSPHRASE; the notes are those the fixture test expects."""
    target = sys.argv[1]
    os.makedirs(target)
    with tempfile.TemporaryDirectory() as home:
        settings = load({"HOME": home, "SCRIBES_DEVICE": "fixture"})
        path = os.path.join(home, "vault.scribes")
        with scribes.open(path, settings=settings, passphrase=PASSPHRASE, command="fixture") as s:
            heard = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
            note = s.notes.add(
                "Grace upon grace", "John 1:16\n\nFulness received. #grace", occurred_at=heard, speaker="J. Stott"
            )
            s.notes.change(note.id, scribes.NotePatch(body=BODY))
            psalm = s.notes.add(
                "Ψαλμός 23", "Ο Κύριος είναι ο ποιμένας μου", occurred_at=heard, tags=["psalm"], topics=["The Shepherd"]
            )
            s.passages.pin(note.id, "Colossians 2:9-10")
            s.links.link(note.id, psalm.id, why="the shepherd is full of grace")
            s.meaning.run()
            s.reminders.add(NewReminder("call Ruth", WALL_TIME, "Europe/Berlin", "FREQ=WEEKLY;BYDAY=SU"))
            prayer = s.prayers.add(NewPrayer("Healing for @Ruth", note=note.id, rhythm="mondays", tags=("health",)))
            s.prayers.prayed([prayer.id], words="for patience")
            card = s.reviews.add_passage("John 1:16")
            s.reviews.answer(card.id, 3)
            s.channels.add("desk", "desktop", {}, {}, shows_text=True)
            folder = FolderRemote(os.path.join(home, "shared"))
            folder.found()
            s.sync.set_up(folder, kind="folder", place=folder.name)
            s.circles.create("Bethel")
            s.sync.run()
            gone = s.notes.add("Gone", "to the trash", occurred_at=heard)
            s.notes.remove([gone.id])
        for name in ("vault.scribes", "vault.scribes.keys.json"):
            shutil.copyfile(os.path.join(home, name), os.path.join(target, name))


if __name__ == "__main__":
    main()
