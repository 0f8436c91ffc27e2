"""Long work shows itself: a bar on a terminal, a line every few seconds in a log; nothing for what is over at once."""

from __future__ import annotations

import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import Progress

    from .session import Session

FIRST_S, EVERY_S = 1.0, 5.0


class Bar:
    """Progress of one piece of work, on standard error. Call it with what is done and the total (0: not known)."""

    def __init__(self, session: Session, title: str) -> None:
        self._title = title
        self._silent = session.quiet or session.json
        self._tty = sys.stderr.isatty()
        self._began = self._said = time.monotonic()
        self._bar: Progress | None = None
        self.done = 0

    def __call__(self, done: int, total: int) -> None:
        """Show how far it is."""
        self.done = done
        now = time.monotonic()
        if self._silent:
            return
        if self._tty:
            # A bar for what takes a moment would only flicker.
            if self._bar is None and now - self._began > FIRST_S:
                self._bar = _bar(self._title, total)
            if self._bar is not None:
                self._bar.update(self._bar.task_ids[0], completed=done, total=total or None)
        elif now - self._said > EVERY_S:
            self._said = now
            rate = done / (now - self._began)
            sys.stderr.write(f"{self._title}: {done}{f' of {total}' if total else ''}, {rate:.0f} a second\n")

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


def _bar(title: str, total: int) -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class RateColumn(ProgressColumn):
        """How many a second."""

        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:,.0f}/s" if task.speed else "")

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), RateColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.add_task(title, total=total or None)
    bar.start()
    return bar
