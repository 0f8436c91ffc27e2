"""What one run of the command line knows: how to print, which vault, and the words that were typed."""

from __future__ import annotations

import os
import sys

from ..config import Settings, load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..unlocking import AskPassphrase
    from ..wiring import Scribes

MAX_LABEL = 200
MANY = 100
# What shows itself what is due, or is at work on it.
SHOW_DUE = ("today", "reminders", "review", "daemon", "jobs", "notify")


class Session:
    """One run. `words` is the command as typed, without the options that every command takes."""

    def __init__(self, words: list[str], options: dict[str, str | bool]) -> None:
        self.words = words
        self.json = bool(options.get("json"))
        self.quiet = bool(options.get("quiet"))
        self.yes = bool(options.get("yes"))
        self.page = not options.get("no_pager")
        self.tty = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        plain = bool(options.get("no_color") or os.environ.get("NO_COLOR"))
        self.color = self.tty and not plain
        self.error_is_terminal = sys.stderr.isatty()
        self.error_color = self.error_is_terminal and os.environ.get("TERM") != "dumb" and not plain
        self._vault_option = str(options.get("vault") or "")
        self._settings: Settings | None = None
        self._opened: Scribes | None = None
        self.is_indexed = False
        """Whether this command has embedded all that waited."""

    @property
    def settings(self) -> Settings:
        """The settings, read when first needed."""
        if self._settings is None:
            self._settings = load(vault=self._vault_option)
        return self._settings

    def open(self, *, create: bool = True, passphrase: str | None = None) -> Scribes:
        """The vault. The first time, one is made, and a line on standard error says where."""
        from ..wiring import open

        label = " ".join(self.words)[:MAX_LABEL].encode("utf-8", "backslashreplace").decode()
        opened = open(settings=self.settings, create=create, ask=self.asker(), command=label, passphrase=passphrase)
        self._opened = opened
        if opened.founded and not self.quiet:
            from .vault_words import founded

            founded(self, opened)
        return opened

    def leave(self) -> None:
        """After a command: mention what is due, and have changed notes embedded by a process that nobody waits for."""
        self._mention_due()
        if not self.words or self.is_indexed or self._opened is None or not self._opened.has_written:
            return
        from . import background

        if self.words[0] not in background.NOT_AFTER:
            background.start(self, self._opened.path)

    def _mention_due(self) -> None:
        """One line on a terminal, where a person sees it; not for programs, and not by commands that show it anyway."""
        if self._opened is None or not self.error_is_terminal or self.quiet or self.json:
            return
        reminders, cards = self._opened.due_at_opening
        if (reminders or cards) and self.words and self.words[0] not in SHOW_DUE:
            counted = [(reminders, "reminder"), (cards, "card")]
            parts = [
                f"{number}{'+' * (number >= MANY)} {noun}{'s' * (number > 1)}" for number, noun in counted if number
            ]
            sys.stderr.write(f"due: {' and '.join(parts)} (scribes today)\n")

    def asker(self) -> AskPassphrase | None:
        """How to ask for a passphrase, where there is somebody to ask."""
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            return None
        from .prompts import passphrase

        return passphrase


_current: Session | None = None


def begin(session: Session) -> None:
    """Make this the session that commands run in."""
    global _current
    _current = session


def current() -> Session:
    """The session this command runs in."""
    if _current is None:
        raise RuntimeError("no session: commands run through scribes.cli.main")
    return _current
