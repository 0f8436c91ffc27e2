"""The page of a graph: whatever notes hold, it is text to the browser, and nothing is fetched."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from html.parser import HTMLParser

from hypothesis import example, given
from hypothesis import strategies as st

from scribes.cli.graph_page import page
from scribes.models.links import Edge, Graph, Node
from scribes.models.notes import Note

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Tags(HTMLParser):
    """The elements of a page, and the text of its scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.scripts: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs
        self.inside = tag == "script"
        if self.inside:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.scripts[-1] += data


def written(title: str, speaker: str, why: str) -> Tags:
    note = Note("1", "5f15", title, "body", NOW, speaker, "", "", (), (), NOW, NOW, None, "")
    other = Note("2", "feed", "Other", "body", NOW, "", "", "", (), (), NOW, NOW, None, "")
    edges = (Edge("1", "2", "by hand", 1.0, why, None, None, "to"),)
    tags = Tags()
    tags.feed(page(Graph((Node(note, 0), Node(other, 1)), edges, True), explain=lambda edge: edge.why))
    return tags


PLAIN = written("Title", "Speaker", "why")


@given(st.text(), st.text(), st.text())
@example("</script><script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "<!--<script>")
@example("]]>\u2028\u2029", "&lt;b&gt;", "\\u003c")
def test_no_text_of_a_note_becomes_part_of_the_page(title: str, speaker: str, why: str) -> None:
    tags = written(title, speaker, why)

    assert (tags.names, tags.attributes) == (PLAIN.names, PLAIN.attributes)
    assert tags.scripts[1] == PLAIN.scripts[1]
    data = json.loads(tags.scripts[0])
    assert data["notes"][0]["title"] == " ".join((title or "body").split()) or not title.strip()
    assert (data["notes"][0]["speaker"], data["links"][0]["why"]) == (speaker, why)
    assert not re.search("[<>&\u2028\u2029]", tags.scripts[0])


def test_only_the_one_script_may_run_and_nothing_is_fetched() -> None:
    policies = [value for name, value in PLAIN.attributes if name == "content" and value and "default-src" in value]
    digest = b64encode(sha256(PLAIN.scripts[1].encode()).digest()).decode()

    assert policies == [
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none';"
        " form-action 'none'"
    ]
    assert not {name for name, _ in PLAIN.attributes} & {"src", "href", "action", "onclick", "onload"}
    assert set(re.findall(r"\w+://[^\s\"']+", PLAIN.scripts[1])) == {"http://www.w3.org/2000/svg"}
    assert "innerHTML" not in PLAIN.scripts[1]
