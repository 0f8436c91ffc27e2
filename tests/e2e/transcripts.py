"""Transcripts: what a person types, what they see and the exit status, as text files that run as tests.

    # Words to the reader.
    $ scribes add "Grace upon grace"            a command; quoting as in a shell, no other shell magic
    < text                                      a line of its standard input (on a terminal: an answer to a prompt)
      saved {note:handle}  Grace upon grace     two spaces: a line of standard output, or of the screen
    ! hint: something                           a line of standard error
    ? 3                                         the exit status, where it is not 0

Expected lines may hold placeholders. `{handle}` fits any handle, `{note:handle}` also keeps it for later: `{note}` in a
command, or in an expected line, is what it was. Kinds: handle, id, date, time, moment, key (a recovery key), size,
stamp (of a backup's name), number, code (of pairing), print (a fingerprint in words), link (an invitation), hex (8 to
32 digits); `{...}` fits anything within a line; `{home}` is the folder the commands run in, `{folder}` the one above,
which all machines of a transcript see.
A line `...` fits any number of lines.

Between commands the machine can be prepared:

    > file notes/a.md          with the lines below, each behind `< `
    > bytes notes/b.md \\xff    a file of these bytes
    > editor                   the editor is a program: `text` is what it finds, and what it leaves
    < text += "more"
    > env NAME=VALUE           for all that follows; `> unset NAME`
    > machine second           another HOME, as fresh as the first was; `> machine home` goes back
    > copy FROM TO             a file of the first machine's HOME to that of this one
    > remove PATH   > touch PATH

Directives stand in the first comment lines: `# tty` runs every command on a pseudo-terminal and compares its screen,
with `# columns 60` and `# lines 50`; `# color` keeps the colours and shows them as <bold>…</>; `# zone Asia/Tokyo`;
`# xfail: why` marks a fault that is known. `pytest tests/e2e --update-transcripts` rewrites what is expected.
"""

from __future__ import annotations

import codecs
import json
import re
import shlex
import shutil
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from .machine import Done, Machine

KINDS = {
    "handle": r"[0-9a-f]{4,12}",
    "id": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "date": r"\d{4}-\d\d-\d\d",
    "time": r"\d\d:\d\d(?::\d\d)?",
    "moment": r"\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?",
    "key": r"(?:[0-9A-Z]{4}-){8}[0-9A-Z]{4}",
    "size": r"[0-9.]+ [kMG]?B",
    "stamp": r"\d{4}-\d\d-\d\d-\d{6}(?:-\d{3})?",
    "number": r"\d+",
    "code": r"(?:[0-9A-Z]{4}-){5}[0-9A-Z]{4}",
    "print": r"(?:\w+ \d+, ){5}\w+ \d+",
    "link": r"scribes://join/[0-9a-f]{32}/[0-9a-f]{32}#[0-9A-Z]{36}",
    "hex": r"[0-9a-f]{8,32}",
    "...": r".*",
}
PLACEHOLDER = re.compile(r"\{(?:(\w+):)?([\w.]+)\}")
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
PROMPTS = (": ", "] ")


@dataclass
class Step:
    """A command or a preparation, with its lines; `comments` stand before it."""

    line: str
    comments: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)
    status: int = 0


@dataclass
class Transcript:
    """A parsed file."""

    path: Path
    steps: list[Step]
    tail: list[str]
    directives: dict[str, str]


def parse(path: Path) -> Transcript:
    """The transcript in a file."""
    steps: list[Step] = []
    comments: list[str] = []
    directives: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        mark, rest = line[:2], line[2:]
        if line.startswith(("$ ", "> ")):
            steps.append(Step(line, comments))
            comments = []
        elif not line or line.startswith("#"):
            comments.append(line)
            found = re.fullmatch(r"# (tty|color|columns|lines|zone|xfail:)(?: (.+))?", line)
            if found and not steps:
                directives[found[1].strip(":")] = found[2] or ""
        elif not steps or (mark not in ("  ", "! ", "< ", "? ") and line not in ("!", "<")):
            raise ValueError(f"{path.name}:{number}: what is {line!r}?")
        elif mark == "? ":
            steps[-1].status = int(rest)
        else:
            {" ": steps[-1].out, "!": steps[-1].err, "<": steps[-1].given}[line[0]].append(rest)
    return Transcript(path, steps, comments, directives)


def written(transcript: Transcript) -> str:
    """The text of a transcript."""
    lines: list[str] = []
    for step in transcript.steps:
        lines += [*step.comments, step.line]
        lines += [f"< {line}".rstrip() for line in step.given]
        lines += [f"  {line}" for line in step.out]
        lines += [f"! {line}".rstrip() for line in step.err]
        lines += [f"? {step.status}"] * bool(step.status)
    return "\n".join([*lines, *transcript.tail]) + "\n"


class Player:
    """Plays a transcript on machines below a folder."""

    def __init__(self, transcript: Transcript, folder: Path) -> None:
        self.transcript = transcript
        self._folder = folder
        self._machine = self._new_machine("home")
        self._machines = {"home": self._machine}
        self._known: dict[str, str] = {}

    def play(self, *, update: bool) -> list[str]:
        """Run every step; what differs, or, for `update`, nothing, the steps then holding what happened."""
        differences: list[str] = []
        for step in self.transcript.steps:
            if step.line.startswith(">"):
                self._prepare(step)
                continue
            done = self._run(step)
            differences += self._faults(step, done)
            if update:
                step.out = self._updated(step.out, self._plain_lines(done.out))
                step.err = self._updated(step.err, self._plain_lines(done.err))
                step.status = done.status
            else:
                differences += self._compare(step, done)
                if differences:
                    break
        return differences

    def _new_machine(self, name: str) -> Machine:
        machine = Machine(self._folder, name)
        told = self.transcript.directives
        machine.env["TZ"] = told.get("zone", machine.env["TZ"])
        if "tty" in told and "color" not in told:
            machine.env["NO_COLOR"] = "1"
        return machine

    def _run(self, step: Step) -> Done:
        words = shlex.split(self._filled(step.line[2:]))
        assert words[0] == "scribes", step.line
        told = self.transcript.directives
        if "tty" not in told:
            return self._machine.run(*words[1:], stdin="".join(f"{self._filled(line)}\n" for line in step.given))
        terminal = self._machine.terminal(
            *words[1:], columns=int(told.get("columns", "80")), lines=int(told.get("lines", "24"))
        )
        seen = 0
        for line in step.given:
            if not terminal.wait_for(*PROMPTS, after=seen):
                break
            seen = len(terminal.raw)
            terminal.send(self._filled(line) + "\n")
        status = terminal.finish()
        if "color" not in told:
            assert "\x1b[" not in terminal.text, f"{step.line}: an escape in {terminal.text!r}"
        return Done("\n".join(_marked_up(terminal.screen) if "color" in told else terminal.shown), "", status)

    def _faults(self, step: Step, done: Done) -> list[str]:
        """What no command may ever do, whatever is expected of it."""
        both = done.out + done.err
        faults = [f"{step.line}\nshows a traceback:\n{both}"] * ("Traceback" in both)
        if "tty" in self.transcript.directives:
            return faults
        faults += [f"{step.line}\nsends an escape into a pipe:\n{both!r}"] * ("\x1b" in both)
        if "--json" in shlex.split(step.line[2:]):
            try:
                data = json.loads(done.out or done.err) if (done.out or done.err or done.status) else None
                if done.status and not done.out:
                    missing = {"code", "message", "traceId"} - set(data["error"])
                    faults += [f"{step.line}\nits error has no {missing}"] * bool(missing)
            except (ValueError, KeyError, TypeError):
                faults.append(f"{step.line}\nis not JSON:\n{both}")
        return faults

    def _prepare(self, step: Step) -> None:
        name, *words = shlex.split(self._filled(step.line[2:]))
        machine = self._machine
        if name == "file":
            machine.file(words[0], "".join(f"{self._filled(line)}\n" for line in step.given))
        elif name == "bytes":
            machine.file(words[0], codecs.escape_decode(step.line.split(maxsplit=3)[3].encode())[0])  # type: ignore[attr-defined]
        elif name == "editor":
            machine.editor(self._filled("\n".join(step.given)))
        elif name == "env":
            variable, _, value = words[0].partition("=")
            machine.env[variable] = value
        elif name == "unset":
            machine.env.pop(words[0], None)
        elif name == "machine":
            if words[0] not in self._machines:
                self._machines[words[0]] = self._new_machine(words[0])
            self._machine = self._machines[words[0]]
        elif name == "copy":
            shutil.copy(self._machines["home"].path(words[0]), machine.path(words[1]))
        elif name == "remove":
            machine.path(words[0]).unlink()
        else:
            raise ValueError(f"{self.transcript.path.name}: what is {step.line!r}?")

    def _plain_lines(self, text: str) -> list[str]:
        return text.replace(str(self._machine.home), "{home}").replace(str(self._folder), "{folder}").splitlines()

    def _filled(self, text: str) -> str:
        """The text with what placeholders have caught, and the home folder."""
        known = {"home": str(self._machine.home), "folder": str(self._folder), **self._known}
        return re.sub(r"\{(\w+)\}", lambda found: known.get(found[1], found[0]), text)

    def _compare(self, step: Step, done: Done) -> list[str]:
        differences = []
        for name, expected, actual in (("output", step.out, done.out), ("error output", step.err, done.err)):
            lines = self._plain_lines(actual)
            if not self._fits(expected, lines):
                wanted, got = "\n  ".join(expected), "\n  ".join(lines)
                differences.append(f"{step.line}\n{name} is\n  {got}\nand should be\n  {wanted}")
        if done.status != step.status:
            differences.append(f"{step.line}\nexit status is {done.status} and should be {step.status}\n{done.err}")
        return differences

    def _fits(self, expected: list[str], actual: list[str]) -> bool:
        if not expected:
            return not actual
        if expected[0] == "...":
            return any(self._fits(expected[1:], actual[at:]) for at in range(len(actual) + 1))
        return bool(actual) and self._line_fits(expected[0], actual[0]) and self._fits(expected[1:], actual[1:])

    def _line_fits(self, expected: str, actual: str) -> bool:
        names: list[str] = []
        pattern, at = "", 0
        for found in PLACEHOLDER.finditer(expected):
            name, kind = found[1], found[2]
            pattern += re.escape(expected[at : found.start()])
            at = found.end()
            if not name and kind in self._known:
                pattern += re.escape(self._known[kind])
            elif kind in KINDS:
                names += [name] * bool(name)
                pattern += f"(?P<{name}>{KINDS[kind]})" if name else f"(?:{KINDS[kind]})"
            else:
                pattern += re.escape(found[0])
        fitting = re.fullmatch(pattern + re.escape(expected[at:]), actual.rstrip("\n"))
        if fitting is None:
            return False
        self._known.update({name: fitting[name] for name in names})
        return True

    def _updated(self, expected: list[str], actual: list[str]) -> list[str]:
        """The actual lines; those that an expected one fits as that says them, others with fresh placeholders."""
        if expected and self._fits(expected, actual):
            return expected
        left = list(expected)
        lines = []
        for line in actual:
            fitting = next((old for old in left if old != "..." and self._line_fits(old, line)), None)
            if fitting is not None:
                left = left[left.index(fitting) + 1 :]
            lines.append(fitting if fitting is not None else self._abstracted(line))
        return lines

    def _abstracted(self, line: str) -> str:
        """The line with placeholders for what differs from run to run."""
        for name, value in self._known.items():
            line = line.replace(value, f"{{{name}}}") if len(value) > 3 else line
        today = datetime.now().date().isoformat()
        line = re.sub(KINDS["key"], "{key}", line)
        line = re.sub(KINDS["id"], "{id}", line)
        line = re.sub(r'"revision": "[0-9a-f]{32}"', '"revision": "{...}"', line)
        line = re.sub(KINDS["link"], "{link}", line)
        line = re.sub(KINDS["code"], "{code}", line)
        line = re.sub(KINDS["print"], "{print}", line)
        line = re.sub(KINDS["stamp"], "{stamp}", line)
        line = re.sub(rf"{today}[T ]\d\d:\d\d:\d\d\.\d+[+-]\d\d:\d\d", "{...}", line)
        line = re.sub(rf"{today} \d\d:\d\d(?::\d\d)?", "{moment}", line)
        line = line.replace(today, "{date}")
        line = re.sub(r'"traceId": "[0-9a-f]+"', '"traceId": "{...}"', line)
        line = re.sub(r"\b(?=[0-9]*[a-f])[0-9a-f]{8}(?:[0-9a-f]{8}|[0-9a-f]{24})?\b", "{hex}", line)
        line = re.sub(r'"handle": "[0-9a-f]+"', '"handle": "{handle}"', line)
        line = re.sub(r'"score": [0-9.]+', '"score": {...}', line)
        line = re.sub(r'"(size_bytes)": [0-9]+', r'"\1": {number}', line)
        line = re.sub(KINDS["size"] + "(?= free|, every|, verified)", "{size}", line)
        line = re.sub(r"scribes \d.*, SQLite3 Multiple Ciphers [0-9.]+", "scribes {...}", line)
        line = re.sub(r"^(scribes) \d+\.\d+.*", r"\1 {...}", line)
        line = re.sub(r"(kernel keyring|unlock cache)", "{...}", line)
        verbs = "settled|shared in [^:]+:|yours alone again:|saved|restored|tagged|unchanged|in the trash:|undone: .*"
        line = re.sub(f"^((?:{verbs})  ?){KINDS['handle']}  ", r"\1{handle}  ", line)
        line = re.sub("^" + KINDS["handle"] + "\t", "{handle}\t", line)
        line = re.sub(r"^( *\d+  )[0-9a-f]{4,12}(  \d{4}-|  \{date)", r"\1{handle}\2", line)
        line = re.sub(r"<cyan>[0-9a-f]{4,12}</>", "<cyan>{handle}</>", line)
        return re.sub(r" · [0-9a-f]{4,12}(?=$|</>)", " · {handle}", line)


def _marked_up(screen: object) -> list[str]:
    """The lines of the screen with the styles of their letters: <bold cyan>…</>."""
    lines = []
    for row in range(screen.lines):  # type: ignore[attr-defined]
        line, style = "", ""
        for column in range(screen.columns):  # type: ignore[attr-defined]
            cell = screen.buffer[row][column]  # type: ignore[attr-defined]
            now = " ".join(
                [name for name in ("bold", "italics", "underscore", "reverse") if getattr(cell, name)]
                + [cell.fg] * (cell.fg != "default")
            )
            if now != style:
                line += ("</>" if style else "") + (f"<{now}>" if now else "")
                style = now
            line += cell.data
        lines.append((line + ("</>" if style else "")).rstrip())
    while lines and not lines[-1]:
        lines.pop()
    return lines
