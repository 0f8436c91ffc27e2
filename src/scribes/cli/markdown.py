"""A note's Markdown for the terminal, by rich; loaded only when a note is shown on one."""

from __future__ import annotations

import io

TYPE_CHECKING = False


def rendered(text: str, *, width: int, color: bool) -> list[str]:
    """The lines of a Markdown text at a width."""
    from rich.console import Console
    from rich.markdown import Markdown

    out = io.StringIO()
    console = Console(
        file=out, width=width, force_terminal=color, no_color=not color, color_system="standard" if color else None
    )
    # Soft line breaks stay: people who take notes line by line mean their lines.
    console.print(Markdown(text.replace("\n", "  \n"), hyperlinks=False))
    return [line.rstrip() for line in out.getvalue().rstrip("\n").split("\n")]
