"""A note's Markdown for the terminal, by rich; loaded only when a note is shown on one."""

from __future__ import annotations

import io

TYPE_CHECKING = False


def rendered(text: str, *, width: int, color: bool) -> list[str]:
    """The lines of a Markdown text at a width."""
    from markdown_it import MarkdownIt
    from rich.console import Console
    from rich.markdown import Markdown

    out = io.StringIO()
    console = Console(
        file=out, width=width, force_terminal=color, no_color=not color, color_system="standard" if color else None
    )
    # Line breaks stay, for people who take notes line by line mean their lines; and <words> are words, never HTML.
    parser = MarkdownIt("commonmark", {"html": False}).enable("strikethrough").enable("table")
    page = Markdown("", hyperlinks=False)
    page.parsed = parser.parse(text)
    for token in page.parsed:
        for child in token.children or ():
            child.type = "hardbreak" if child.type == "softbreak" else child.type
    console.print(page)
    return [line.rstrip() for line in out.getvalue().strip("\n").split("\n")]
