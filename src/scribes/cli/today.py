"""`scribes` alone: what was written last, what is due, and three things to try."""

from __future__ import annotations

import os

from ..records import as_data
from . import references
from .output import BOLD, DIM, counted, note_lines, style, write, write_json
from .session import current
from .vault_words import shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..wiring import Scribes

LAST_WRITTEN = 5


def overview() -> int:
    """Show the last notes and what can be done."""
    session = current()
    if not os.path.exists(session.settings.vault):
        if session.json:
            write_json({"notes": 0, "recent": []})
        if session.json or session.quiet:
            return 0
        write(
            session,
            [
                style(session, "Scribes keeps the notes of people who listen.", BOLD),
                "",
                '  scribes add "Grace upon grace"    your first note; the vault is made with it',
                "  scribes import markdown FOLDER    bring the notes you have",
                "  scribes --help                    all commands",
            ],
        )
        return 0
    with session.open() as vault:
        notes = vault.notes.recent(limit=LAST_WRITTEN)
        number = vault.notes.count()
        drafts = vault.drafts.recent(limit=1)
        due = _due(vault) if session.tty else ""
        conflicts = vault.clashes.count()
    if session.json:
        write_json({"notes": number, "recent": [as_data(note) for note in notes]})
        return 0
    if notes:
        references.remember(session, [note.id for note in notes])
    lines = [style(session, f"{number} note{'s' * (number != 1)} in {shortened(session.settings.vault)}", DIM), ""]
    lines += note_lines(session, notes)
    if due:
        lines += ["", f"{due}: scribes today"]
    if drafts:
        lines += ["", f"an unsaved draft waits: scribes drafts resume {drafts[0].number}"]
    if conflicts:
        lines += ["", f"{counted(conflicts, 'conflict')} to look at: scribes conflicts"]
    lines += [
        "",
        style(session, '  scribes add "…"', BOLD) + "       write a note down",
        style(session, "  scribes find grace", BOLD) + "    find notes by their words",
        style(session, "  scribes show 1", BOLD) + "        read the first one above",
    ]
    write(session, lines)
    return 0


def _due(vault: Scribes) -> str:
    """What waits today, in a few words: "2 reminders due, 5 cards to review, 3 prayers"."""
    reminders, cards = vault.due_at_opening
    counted = [
        (reminders, "reminder", " due"),
        (cards, "card", " to review"),
        (vault.prayers.left_today(), "prayer", ""),
    ]
    return ", ".join(f"{number} {noun}{'s' * (number != 1)}{what}" for number, noun, what in counted if number)
