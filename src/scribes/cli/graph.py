"""`scribes graph`: the notes around one, as a tree, or as a file for other programs."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from ..errors import AlreadyExists, InvalidInput
from ..records import as_data
from . import references
from .app import put
from .links import explained, turned
from .output import BOLD, CYAN, DIM, cells, fit, line_of, say, style, width, write, write_json
from .progress import Bar
from .session import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..models.links import Edge, Graph, Node
    from .session import Session

MOST_STEPS = 6
MIN_TITLE = 24


def register(app: typer.Typer) -> None:
    """Put the command of this module into the app."""
    put(app, "graph", graph, ("scribes graph --around 2", "scribes graph --around - --depth 3 --html graph.html"))


def graph(
    around: Annotated[
        str, typer.Option("--around", "-a", metavar="NOTE", help="the note to begin with: a number, an id, or -")
    ] = "-",
    depth: Annotated[int, typer.Option("--depth", "-d", min=1, max=MOST_STEPS, help="how many steps to go")] = 2,
    dot: Annotated[bool, typer.Option("--dot", help="print it for Graphviz")] = False,
    html: Annotated[str | None, typer.Option("--html", metavar="FILE", help="write a page for a browser")] = None,
    force: Annotated[bool, typer.Option("--force", help="write over a file that is there")] = False,
) -> int:
    """Show the notes around one: what it is linked with, and what those are linked with."""
    session = current()
    if dot and html is not None:
        raise InvalidInput("--dot and --html exclude each other")
    if html is not None and os.path.lexists(html) and not force:
        raise AlreadyExists(f"{html} is there already", hint="--force writes over it")
    with session.open(create=False) as vault:
        with Bar(session, "linking") as bar:
            vault.links.catch_up(bar)
        found = vault.links.around(references.resolve(session, around), depth=depth)
    order = _ordered(found)
    references.remember(session, [node.note.id for node, _, _ in order])
    if html is not None:
        _write_page(session, found, html)
    elif session.json:
        write_json(as_data(found))
    elif dot:
        write(session, _dot_lines(found))
    elif session.quiet:
        write(session, [node.note.id for node, _, _ in order])
    else:
        write(session, _tree_lines(session, order))
        hidden = len(found.edges) - (len(order) - 1)
        if hidden > 0:
            say(session, f"and {hidden} more link{'s' * (hidden > 1)} between them: --html FILE shows all")
    if not found.whole:
        say(session, "of notes with many links, only the strongest were followed")
    return 0


def _ordered(found: Graph) -> list[tuple[Node, Edge | None, str]]:
    """The notes as a tree, each once, below the note nearest to the start that is linked with it most strongly.

    With the link that leads there, and the lines of the tree before it.
    """
    nodes = {node.note.id: node for node in found.nodes}
    parents: dict[str, tuple[str, Edge]] = {}
    for edge in found.edges:
        for parent, child in ((edge.first, edge.second), (edge.second, edge.first)):
            if nodes[child].steps == nodes[parent].steps + 1 and child not in parents:
                parents[child] = (parent, edge)
    children: dict[str, list[str]] = {}
    # The edges come the strongest first, and so do the children.
    for child, (parent, _) in parents.items():
        children.setdefault(parent, []).append(child)
    ordered: list[tuple[Node, Edge | None, str]] = []
    start = next(node.note.id for node in found.nodes if not node.steps)
    stack = [(start, "", "")]
    while stack:
        id, mark, below = stack.pop()
        ordered.append((nodes[id], parents[id][1] if id in parents else None, mark))
        inside = children.get(id, [])
        for child in reversed(inside):
            last = child == inside[-1]
            stack.append((child, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  ")))
    return ordered


def _tree_lines(session: Session, order: list[tuple[Node, Edge | None, str]]) -> list[str]:
    digits = len(str(len(order)))
    lines = []
    for number, (node, edge, mark) in enumerate(order, 1):
        title = line_of(session, node.note.heading)
        why = "" if edge is None else explained(session, _from_above(edge, node))
        if not session.tty:
            lines.append(f"{mark}{node.note.handle} {title}{'  ' if why else ''}{why}")
            continue
        left = width() - digits - 2 - len(mark) - len(node.note.handle) - 2
        shown = fit(title, min(cells(title), max(MIN_TITLE, left * 2 // 5, left - cells(why) - 2), left))
        rest = left - cells(shown) - 2
        seen = explained(session, _from_above(edge, node), rest) if edge is not None and rest > 8 else ""
        parts = [style(session, f"{number:>{digits}}", DIM), "  ", style(session, mark, DIM)]
        parts += [style(session, node.note.handle, CYAN), "  ", style(session, shown, BOLD)]
        parts += ["  ", style(session, seen, DIM)] if seen else []
        lines.append("".join(parts))
    return lines


def _from_above(edge: Edge, node: Node) -> Edge:
    """The link as it leads to a note: what is said first stands in the note above it."""
    return edge if edge.second == node.note.id else turned(edge)


def _dot_lines(found: Graph) -> list[str]:
    lines = ["graph notes {", "  node [shape=box, style=rounded];"]
    for node in found.nodes:
        lines.append(f"  {_quoted(node.note.handle)} [label={_quoted(node.note.heading)}];")
    handles = {node.note.id: node.note.handle for node in found.nodes}
    for edge in found.edges:
        about = f"label={_quoted(edge.kind)}, tooltip={_quoted(edge.why or edge.kind)}, weight={round(edge.score * 10)}"
        arrow = ", dir=forward" if edge.way == "to" else ""
        lines.append(f"  {_quoted(handles[edge.first])} -- {_quoted(handles[edge.second])} [{about}{arrow}];")
    return [*lines, "}"]


def _quoted(text: str) -> str:
    plain = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _write_page(session: Session, found: Graph, path: str) -> None:
    from ..files import write_atomically
    from .graph_page import page

    write_atomically(path, page(found, explain=lambda edge: explained(session, edge)).encode("utf-8", "replace"))
    if session.json:
        write_json({"file": path, "notes": len(found.nodes), "links": len(found.edges)})
    else:
        notes, links = len(found.nodes), len(found.edges)
        write(session, [path if session.quiet else f"wrote {notes} notes and {links} links to {path}"])
    say(session, "this file is not encrypted")
