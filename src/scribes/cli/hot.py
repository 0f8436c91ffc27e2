"""The commands people run all day, declared once: parsed here without Typer when nothing is unusual, else by it.

Loading Typer costs five times a bare interpreter. A declaration is plain data; `app.py` makes a Typer command of the
same data, so that help, completion and every unusual spelling come from there, and the two cannot part.
"""

from __future__ import annotations

from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@record
class Option:
    """An option: its flags, whether it takes a text, a number or nothing, and whether it may come again."""

    name: str
    flags: tuple[str, ...]
    help: str
    kind: str = "text"
    multiple: bool = False


@record
class Command:
    """A command: the words it takes, its options, and `module:function` that runs it with them by name."""

    name: str
    words: str
    words_help: str
    run: str
    help: str
    options: tuple[Option, ...]


ADD = Command(
    "add",
    "text",
    "the note; without it, from a pipe or the editor",
    "capture:add",
    """Write a note down.

    A short first line is its title; #tags in the text become tags. Without words the text comes from a pipe, or from
    the editor.
    """,
    (
        Option("title", ("--title",), "the title; the text is then the body alone"),
        Option("tag", ("--tag", "-t"), "a tag", multiple=True),
        Option("topic", ("--topic",), "a topic, of any words", multiple=True),
        Option("date", ("--date", "-d"), "when it was heard: 2026-11-22, 2026-11-22 10:30, yesterday, sunday"),
        Option("speaker", ("--speaker", "-s"), "who spoke"),
        Option("venue", ("--venue",), "where"),
        Option("series", ("--series",), "the series it belongs to"),
        Option("edit", ("--edit", "-e"), "open the editor on it", kind="flag"),
    ),
)
LIMIT = Option("limit", ("--limit", "-n"), "how many", kind="number")
WITH_TAG = Option("tag", ("--tag", "-t"), "only with this tag", multiple=True)
LIST = Command(
    "list",
    "query",
    "only notes that fit: tag:hope, speaker:stott, after:2026-01 (see find)",
    "reading:list_notes",
    """List notes, the latest first. Their numbers address them: scribes show 2.""",
    (
        LIMIT,
        Option("skip", ("--skip",), "how many to pass over", kind="number"),
        WITH_TAG,
        Option("trash", ("--trash",), "what is in the trash", kind="flag"),
    ),
)
FIND = Command(
    "find",
    "query",
    'words, "phrases", grac*, -without, tag: speaker: book: before: after: (docs/reference/query-language.md)',
    "reading:find",
    """Find notes by their words, their meaning and their passages, best first.

    Quotes, *, OR and fields like title: ask for the very letters. Each hit says why it is there.
    """,
    (
        LIMIT,
        WITH_TAG,
        Option("words", ("--words", "-w"), "by words alone", kind="flag"),
        Option("meaning", ("--meaning", "-m"), "by meaning alone", kind="flag"),
        Option("verses", ("--verses",), "find verses of the Bible instead of notes", kind="flag"),
        Option("trash", ("--trash",), "look in the trash", kind="flag"),
    ),
)
SHOW = Command(
    "show",
    "note",
    "numbers of the last listing, starts of ids, or - for the last note",
    "reading:show",
    """Show whole notes.""",
    (
        Option("raw", ("--raw",), "as Markdown with front matter", kind="flag"),
        Option("at", ("--at",), "as it was at this revision (scribes history)"),
        Option("passages", ("--passages", "-p"), "with the text of the passages it refers to", kind="flag"),
    ),
)
TRANSLATION = Option("translation", ("--in", "-i"), "the Bible text: web, kjv, rv1909 or an added one")
READ = Command(
    "read",
    "passage",
    "a passage: Rom 8:28-30, jn 3 16, Psalm 23; several, parted by ;",
    "scripture:read",
    """Read a passage of Scripture, offline.""",
    (
        TRANSLATION,
        Option("parallel", ("--parallel", "-p"), "another Bible text beside it", multiple=True),
    ),
)
REFS = Command(
    "refs",
    "passage",
    "a passage: Romans 8, Rom 8:28",
    "passages:refs",
    """Show the notes on a passage, nearest first. With --note, show what a note refers to.

    What was read wrongly can be put right, and stays so when the note is edited.
    """,
    (
        Option("note", ("--note",), "the references of this note"),
        Option("pin", ("--pin",), "the note is on this passage, whether its text says so or not"),
        Option("correct", ("--correct",), "this text in the note means the passage of --to"),
        Option("to", ("--to",), "the passage that --correct is about"),
        Option("dismiss", ("--dismiss",), "this text in the note is no reference; or take a pin away"),
        Option("reset", ("--reset",), "forget all choices about the note", kind="flag"),
        Option("limit", ("--limit", "-n"), "how many notes", kind="number"),
    ),
)
XREF = Command(
    "xref",
    "passage",
    "a passage: John 3:16",
    "scripture:xref",
    """Show the passages linked with a passage, and why. The strongest come first.""",
    (Option("limit", ("--limit", "-n"), "how many", kind="number"), TRANSLATION),
)
TOPICS = Command(
    "topics",
    "words",
    "the name of a topic, or words of it",
    "scripture:topics",
    """Show the passages of a topic, or the topics named so (Nave's Topical Bible).""",
    (
        Option("of", ("--of",), "the topics of this passage"),
        Option("limit", ("--limit", "-n"), "how many topics", kind="number"),
    ),
)
SCAN = Command(
    "scan",
    "file",
    "files; without one, what comes from a pipe",
    "scan:scan",
    """Show the references to Scripture in a text.

    People see them marked in colour, programs get begin, end, passage and words. No vault is needed.
    """,
    (
        Option("lines", ("--lines",), "each line a text of its own, answered by a line of JSON", kind="flag"),
        Option("language", ("--language", "-l"), "its language: en, es, fr, de, pt, sw, zh, ko", multiple=True),
    ),
)
EXAMPLES = {
    "add": ('scribes add "Grace upon grace" --tag grace', "pbpaste | scribes add --title Sunday --speaker Stott"),
    "list": ("scribes list -n 5", "scribes list tag:hope after:2026-01"),
    "find": ('scribes find "unearned kindness"', 'scribes find "grace upon grace" speaker:stott before:2026'),
    "show": ("scribes show 2", "scribes show - --raw"),
    "read": ('scribes read "Rom 8:28-30"', "scribes read Psalm 23 --in kjv --parallel web"),
    "refs": ('scribes refs "Romans 8"', 'scribes refs --note 2 --dismiss "Job 3"'),
    "xref": ('scribes xref "John 3:16"', "scribes xref Isaiah 53:5 -n 3 --in kjv"),
    "topics": ("scribes topics faith", 'scribes topics --of "John 3:16"'),
    "scan": ("scribes scan sermon.md", "cat sermon.md | scribes scan --json"),
}
COMMANDS = {command.name: command for command in (ADD, LIST, FIND, SHOW, READ, REFS, XREF, TOPICS, SCAN)}


def parse(command: Command, words: list[str]) -> dict[str, Any] | None:
    """The arguments by name; None where anything is unusual, so that Typer explains it."""
    flags = {flag: option for option in command.options for flag in option.flags}
    values: dict[str, Any] = {option.name: _empty(option) for option in command.options}
    taken: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            taken += rest
        elif not word.startswith("-") or word == "-" or (" " in word and word[:2] != "--"):
            taken.append(word)
        else:
            flag, equals, value = word.partition("=")
            option = flags.get(flag)
            if option is None and command.words == "query" and _leaves_out(word, flags):
                taken.append(word)
                continue
            if option is None or not _take(option, values, value if equals else None, rest):
                return None
    values[command.words] = taken
    return values


def run(command: Command, values: dict[str, Any]) -> int:
    """Run a parsed command; its exit status."""
    from importlib import import_module

    module, _, function = command.run.partition(":")
    status: int = getattr(import_module(f"scribes.cli.{module}"), function)(**values)
    return status


def _leaves_out(word: str, flags: dict[str, Option]) -> bool:
    """Whether -law means "without law": one hyphen, and no short option with its number behind it."""
    return word[1:2] not in ("", "-") and not (word[:2] in flags and word[2:].isdecimal())


def _empty(option: Option) -> Any:
    return [] if option.multiple else False if option.kind == "flag" else None


def _take(option: Option, values: dict[str, Any], value: str | None, rest: Any) -> bool:
    """Put an option's value among the values; whether it is what the option takes."""
    if option.kind == "flag":
        values[option.name] = True
        return value is None
    if value is None:
        value = next(rest, None)
    if value is None or (value.startswith("-") and value != "-"):
        return False
    if option.kind == "number":
        if not value.isdecimal():
            return False
        values[option.name] = int(value)
    elif option.multiple:
        values[option.name].append(value)
    else:
        values[option.name] = value
    return True
