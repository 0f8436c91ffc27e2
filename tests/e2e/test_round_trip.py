"""What is exported comes back as it was, in another vault."""

from __future__ import annotations

import json

from .machine import Machine

KEPT = ("title", "body", "occurred_at", "speaker", "venue", "series", "tags", "topics")
ODD = (
    ("Acts: 1", "text", {"--speaker": "Peter & 'John' \"Mark\"", "--date": "2025-03-01T18:30+02:00"}),
    ("# not a heading", "# a heading\n\ntext", {"--venue": "- dash", "--date": "2025-03-02"}),
    ("yes", "    code\n\n    more", {"--series": "2025-01-01", "--topic": "null"}),
    ("日本語 חסד 🕊", "> quoted\n\n---\n\nbehind a rule", {"--tag": "日本語"}),
    ("12", "line  \nbroken  \n", {"--speaker": "~", "--topic": "a, b"}),
    ("{braces}", "tab\there #tagged", {"--speaker": "[list]", "--date": "2025-06-01 00:00"}),
    ("trailing", "text\n---\nmore\n---\n", {"--venue": "x: y # z"}),
)


def content(machine: Machine, *vault: str) -> list[dict[str, object]]:
    notes = json.loads(machine.ok(*vault, "list", "-n", "100", "--json"))
    return sorted(({name: note[name] for name in KEPT} for note in notes), key=lambda note: str(note["title"]))


def test_markdown_comes_back_as_it_was(machine: Machine) -> None:
    for title, body, options in ODD:
        machine.ok("add", "--title", title, *(word for pair in options.items() for word in pair), stdin=body)
    machine.ok("export", "markdown", "out")
    machine.ok("--vault", "other.scribes", "import", "markdown", "out")

    assert content(machine, "--vault", "other.scribes") == content(machine)


def test_the_json_export_holds_every_field_of_every_note(machine: Machine) -> None:
    for title, body, options in ODD:
        machine.ok("add", "--title", title, *(word for pair in options.items() for word in pair), stdin=body)
    machine.ok("export", "json", "out")
    exported = json.loads(machine.path("out/notes.json").read_text(encoding="utf-8"))

    by_title = sorted(({name: note[name] for name in KEPT} for note in exported), key=lambda note: str(note["title"]))
    assert by_title == content(machine)


def test_a_note_edited_without_a_change_stays_as_it_was(machine: Machine) -> None:
    for title, body, options in ODD:
        machine.ok("add", "--title", title, *(word for pair in options.items() for word in pair), stdin=body)
        machine.editor("pass")

        assert machine.ok("edit", "-").startswith("unchanged"), title
