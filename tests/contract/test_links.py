"""Links between notes: what is found, what is written, what a person decides; and that a rebuilt graph is the same."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

import scribes
from scribes import NewNote, NotePatch
from scribes.domain import links as rules
from scribes.errors import InvalidInput, NotFound, ScribesError
from scribes.models.links import Link
from scribes.services import linking
from scribes.storage import embedding_spaces, vectors
from scribes.storage import links as stored

pytestmark = pytest.mark.every_engine


def others(found: list[Link], kind: str = "") -> list[str]:
    return [one.note.title for one in found if kind in ("", one.kind)]


def entries(vault: scribes.Scribes) -> list[stored.Stored]:
    with vault._context.engine.read() as tx:
        return stored.everything(tx)


WORDS = ("grace", "mercy", "harvest", "temple", "sheep", "boat", "king", "bread")
DIMENSIONS = 24


def embed(vault: scribes.Scribes) -> None:
    """Give every note that has changed pieces of four words and vectors of what words they have, as the job does."""
    with vault._context.engine.write() as tx:
        space = embedding_spaces.active(tx)
        n = space.n if space else embedding_spaces.create(
            tx, digest=b"x" * 16, embedder="words", dimensions=DIMENSIONS, chunker=1, probe=b"", active=True
        )  # fmt: skip
        for (key,) in tx.rows("SELECT note_n FROM to_index"):
            body, deleted = tx.rows("SELECT body, deleted_us FROM note WHERE n = ?", (key,))[0]
            words = body.split() if deleted is None else []
            pieces, at = [], 0
            for start in range(0, len(words), 4):
                text = " ".join(words[start : start + 4])
                hash = text.encode()[:16].ljust(16, b".")
                begin = body.index(words[start], at)
                at = begin + 1
                vector = vectors.put(tx, n, [(hash, _vector(text))])[hash]
                pieces.append((begin, min(len(body), begin + len(text)), vector))
            vectors.put_pieces(tx, key, n, pieces)
            stored.todo(tx, [key])
        tx.run("DELETE FROM to_index")


def _vector(text: str) -> bytes:
    """Signed bytes by the letters of a text; a word of the list has a direction of its own."""
    numbers = [10 + (37 * place + sum(map(ord, text))) % 7 for place in range(DIMENSIONS)]
    for word in text.split():
        if word in WORDS:
            numbers[WORDS.index(word)] += 50
    return bytes(numbers)


def waiting(vault: scribes.Scribes) -> int:
    with vault._context.engine.read() as tx:
        return stored.count_waiting(tx)


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Notes are linked one after another, however many wait."""
    monkeypatch.setattr(linking, "ANEW_LEAST", 1_000_000)


def test_notes_on_the_same_verse_are_linked_and_say_on_what(vault: scribes.Scribes) -> None:
    first = vault.notes.add("Sunday", "On Rom 8:28, then more.")
    vault.notes.add("Monday", "See Romans 8:28-30.")
    vault.notes.add("Tuesday", "On Jude 3.")

    (link,) = vault.links.of(first.id)

    assert (link.note.title, link.kind, link.why) == ("Monday", "same passage", "Romans 8:28")
    assert link.here is not None
    assert link.there is not None
    assert (link.here.text, link.here.begin, link.here.stop) == ("Rom 8:28", 3, 11)
    assert (link.there.text, link.there.osis) == ("Romans 8:28-30", "Rom.8.28-Rom.8.30")
    assert 0 < link.score < 1


def test_a_cross_reference_links_and_gives_its_reason(vault: scribes.Scribes) -> None:
    first = vault.notes.add("Prophet", "On Isaiah 53:5.")
    vault.notes.add("Apostle", "On 1 Peter 2:24.")

    (link,) = vault.links.of(first.id)

    assert (link.note.title, link.kind) == ("Apostle", "linked passage")
    assert link.why
    assert link.here is not None
    assert link.here.osis == "Isa.53.5"


def test_shorter_rarer_and_more_in_common_is_stronger(vault: scribes.Scribes) -> None:
    bodies = {
        "verse": "Rom 8:28",
        "passage": "Rom 8:26-30",
        "chapter": "Romans 8",
        "both": "Rom 8:28 and Gen 22:8",
        "other": "Job 1:1",
    }
    first = vault.notes.add("Asked", "Rom 8:28 and Gen 22:8")
    vault.notes.add_many(NewNote(title, body) for title, body in bodies.items())

    assert others(vault.links.of(first.id)) == ["both", "verse", "passage", "chapter"]


@pytest.mark.usefixtures("one_by_one")
def test_a_verse_that_everybody_names_links_nothing(vault: scribes.Scribes) -> None:
    vault.notes.add_many(NewNote(f"Service {number}", "Closing with 2 Cor 13:14.") for number in range(256))
    asked = vault.notes.add("Another", "Closing with 2 Cor 13:14 and on Obadiah 1:3.")
    vault.notes.add("Edom", "On Obadiah 1:3.")

    assert others(vault.links.of(asked.id)) == ["Edom"]
    assert [one for one in entries(vault) if one.score > 700] == [
        one for one in entries(vault) if one.kind == rules.SAME
    ]
    with vault._context.engine.read() as tx:
        assert linking.differing(vault._context.engine) == 0
        assert stored.uses(tx, [47013014]) == {47013014: 257}


@pytest.mark.parametrize("body", ["Genesis to Malachi: Genesis 1 - Malachi 4", "Romans 1-16", "Psalms 1-150"])
def test_a_range_of_hundreds_of_verses_links_nothing(vault: scribes.Scribes, body: str) -> None:
    first = vault.notes.add("One", body)
    vault.notes.add("Two", body)

    assert vault.links.of(first.id) == []


def test_a_list_holds_the_best_and_of_those_alike_the_older(vault: scribes.Scribes) -> None:
    vault.notes.add_many(NewNote(f"{number}", "Jude 3") for number in range(20))
    vault.links.catch_up()
    with vault._context.engine.read() as tx:
        (last,) = tx.rows("SELECT max(n) FROM note")[0]
        listed = [one.to_n for one in stored.list_of(tx, last, rules.SAME)]

    assert listed == list(range(1, rules.MOST + 1))


def test_notes_in_the_trash_have_no_links_and_get_them_back(vault: scribes.Scribes) -> None:
    first, second = vault.notes.add("One", "Jude 3"), vault.notes.add("Two", "Jude 3 and [[One]]")
    before = vault.links.of(first.id)

    vault.notes.remove([second.id])
    assert vault.links.of(first.id) == vault.links.of(second.id) == []
    assert entries(vault) == []

    vault.notes.restore([second.id])
    assert others(before) == others(vault.links.of(first.id)) == ["Two", "Two"]


def test_a_note_removed_for_good_leaves_no_row_behind(vault: scribes.Scribes) -> None:
    first = vault.notes.add("One", "Jude 3")
    vault.notes.add("Two", "Jude 3 and [[One]]")
    vault.links.catch_up()
    vault.notes.remove([first.id])
    vault.notes.purge(older_than_days=0)
    vault.notes.add("Three", "nothing")

    vault.links.catch_up()

    assert entries(vault) == []
    with vault._context.engine.read() as tx:
        assert tx.rows("SELECT DISTINCT note_n FROM link_note") == [(2,)]
        assert stored.uses(tx, [65001003]) == {65001003: 1}


# By hand


@pytest.mark.parametrize(
    "written", ["[[One  good]]", "[[one GOOD|shown]]", "[[One good#Part]]", "text [[ One good ]]."]
)
def test_a_link_in_the_text_goes_to_the_note_of_that_title(vault: scribes.Scribes, written: str) -> None:
    one = vault.notes.add("One good", "text")
    two = vault.notes.add("Two", written)

    (there,), (back,) = vault.links.of(two.id), vault.links.of(one.id)

    assert (there.note.id, there.kind, there.way, there.score) == (one.id, "by hand", "to", 1.0)
    assert (back.note.id, back.kind, back.way) == (two.id, "by hand", "from")
    assert there.here is not None
    assert there.here.text == two.body[there.here.begin : there.here.stop]
    assert there.here.text.startswith("[[")
    assert back.there == there.here


def test_a_link_in_the_text_goes_to_a_handle_or_an_id(vault: scribes.Scribes) -> None:
    one = vault.notes.add("One", "text")
    two = vault.notes.add("Two", f"[[{one.handle}]]")
    three = vault.notes.add("Three", f"[[{one.id.upper()}]]")

    assert others(vault.links.of(two.id)) == others(vault.links.of(three.id)) == ["One"]
    assert sorted(others(vault.links.of(one.id))) == ["Three", "Two"]
    assert vault.links.suggestions() == []
    assert vault.links.orphans() == []


def test_a_link_to_a_note_that_is_not_there_yet_is_missing_until_it_is(vault: scribes.Scribes) -> None:
    one = vault.notes.add("One", "see [[Later]]")

    assert vault.links.of(one.id) == []
    assert [(missing.text, missing.begin) for missing in vault.links.missing(one.id)] == [("Later", 4)]

    later = vault.notes.add("later", "text")
    assert others(vault.links.of(one.id)) == ["later"]
    assert vault.links.missing(one.id) == []

    vault.notes.change(later.id, NotePatch(title="Renamed"))
    assert vault.links.of(one.id) == []
    assert [missing.text for missing in vault.links.missing(one.id)] == ["Later"]


def test_a_link_goes_to_every_note_of_that_title_but_itself(vault: scribes.Scribes) -> None:
    first = vault.notes.add("Prayer", "see [[Prayer]]")
    vault.notes.add("prayer", "second")
    vault.notes.add("PRAYER", "third")

    assert sorted(others(vault.links.of(first.id))) == ["PRAYER", "prayer"]


def test_a_link_by_hand_is_in_the_history_and_undo_takes_it_back(vault: scribes.Scribes) -> None:
    one, two = vault.notes.add("One", "text"), vault.notes.add("Two", "text")

    made = vault.links.link(one.id, two.id, why=" both  are texts ")

    assert (made.note.id, made.why) == (two.id, "both are texts")
    assert [(link.note.id, link.why, link.way) for link in vault.links.of(two.id)] == [
        (one.id, "both are texts", "from")
    ]
    assert vault.history.of(one.id)[-1].summary == "links"
    vault.notes.change(one.id, NotePatch(body="another text"))
    assert others(vault.links.of(one.id)) == ["Two"]
    vault.history.undo()
    vault.history.undo()
    assert vault.links.of(one.id) == vault.links.of(two.id) == []


def test_unlink_works_from_both_sides_and_not_on_what_stands_in_a_text(vault: scribes.Scribes) -> None:
    one, two = vault.notes.add("One", "text"), vault.notes.add("Two", "[[One]]")
    vault.links.link(one.id, two.id)
    vault.links.link(two.id, one.id)

    assert vault.links.unlink(two.id, one.id).id == one.id
    assert [link.way for link in vault.links.of(one.id)] == ["from"]
    with pytest.raises(InvalidInput, match="written in the text"):
        vault.links.unlink(one.id, two.id)
    three = vault.notes.add("Three", "text")
    with pytest.raises(NotFound, match="not linked by hand"):
        vault.links.unlink(one.id, three.id)


def test_a_dismissed_link_stays_away_until_it_is_restored(vault: scribes.Scribes) -> None:
    one, two = vault.notes.add("One", "Jude 3"), vault.notes.add("Two", "Jude 3")
    vault.notes.add("Three", "Jude 3")

    assert vault.links.dismiss(one.id, two.id).id == two.id
    vault.notes.change(one.id, NotePatch(body="More on Jude 3"))
    vault.notes.change(two.id, NotePatch(body="Still on Jude 3"))
    assert others(vault.links.of(one.id)) == others(vault.links.of(two.id)) == ["Three"]
    vault.links.rebuild()
    assert others(vault.links.of(one.id)) == others(vault.links.of(two.id)) == ["Three"]

    vault.links.restore(two.id, one.id)
    assert sorted(others(vault.links.of(one.id))) == ["Three", "Two"]
    with pytest.raises(NotFound, match="were not dismissed"):
        vault.links.restore(one.id, two.id)
    vault.history.undo()
    assert others(vault.links.of(two.id)) == ["Three"]


def test_a_link_by_hand_takes_a_dismissal_back(vault: scribes.Scribes) -> None:
    one, two = vault.notes.add("One", "Jude 3"), vault.notes.add("Two", "Jude 3")
    vault.links.dismiss(two.id, one.id)
    vault.links.link(one.id, two.id)

    assert [link.kind for link in vault.links.of(one.id)] == ["by hand", "same passage"]


def test_what_cannot_be_linked_is_refused(vault: scribes.Scribes) -> None:
    one, two = vault.notes.add("One", "text"), vault.notes.add("Two", "text")
    with pytest.raises(InvalidInput, match="with itself"):
        vault.links.link(one.id, one.handle)
    with pytest.raises(InvalidInput, match="201 characters"):
        vault.links.link(one.id, two.id, why="x" * 201)
    with pytest.raises(InvalidInput, match="no kind"):
        vault.links.of(one.id, kind="magic")
    vault.notes.remove([two.id])
    with pytest.raises(InvalidInput, match="in the trash"):
        vault.links.link(one.id, two.id)


@pytest.mark.not_on("sqlite", "postgres")
def test_doctor_rebuilds_choices_about_links_from_the_history(vault: scribes.Scribes) -> None:
    one, two = vault.notes.add("One", "text"), vault.notes.add("Two", "text")
    vault.links.link(one.id, two.id, why="because")
    with vault._context.engine.write() as tx:
        tx.run("UPDATE note SET links = ''")

    assert {check.name: check.state for check in vault.checks.run()}["history"] == "damaged"
    list(vault.checks.run(fix=True))
    assert [link.why for link in vault.links.of(one.id)] == ["because"]


# Alike in meaning


@pytest.fixture
def about(vault: scribes.Scribes) -> scribes.Scribes:
    """A vault of forty notes about four things, two on each of two of them nearly the same."""
    for number in range(40):
        one, two = WORDS[number % 4 * 2 : number % 4 * 2 + 2]
        vault.notes.add(f"{one} {number}", f"{one} {one} {number} {two}\n\n{two} {number} {one} {number}")
    return vault


def test_notes_alike_in_meaning_are_linked_by_their_most_alike_pieces(about: scribes.Scribes) -> None:
    assert about.links.of(about.notes.recent()[0].id) == []

    embed(about)
    first = about.notes.recent()[0]
    found = about.links.of(first.id)

    assert found
    assert {link.kind for link in found} == {"similar"}
    assert {link.note.title.split()[0] for link in found} == {first.title.split()[0]}
    for link in found:
        assert link.here is not None
        assert link.there is not None
        assert link.here.text == " ".join(first.body[link.here.begin : link.here.stop].split())
        assert link.there.text in " ".join(link.note.body.split())
        (back,) = [one for one in about.links.of(link.note.id) if one.note.id == first.id]
        assert (back.score, back.here, back.there) == (link.score, link.there, link.here)


def test_a_note_that_was_edited_is_alike_again_when_it_is_embedded(about: scribes.Scribes) -> None:
    embed(about)
    first = about.notes.recent()[0]
    before = others(about.links.of(first.id))

    about.notes.change(first.id, NotePatch(body=first.body + " grace"))
    assert about.links.of(first.id) == []
    about.notes.change(first.id, NotePatch(body=first.body))
    embed(about)

    assert others(about.links.of(first.id)) == before
    assert linking.differing(about._context.engine) == 0


def test_with_another_space_all_notes_are_compared_anew(about: scribes.Scribes) -> None:
    embed(about)
    assert about.links.of(about.notes.recent()[0].id) != []
    with about._context.engine.write() as tx:
        n = embedding_spaces.create(
            tx, digest=b"y" * 16, embedder="other", dimensions=DIMENSIONS, chunker=1, probe=b"", active=True
        )

    assert about.links.of(about.notes.recent()[0].id) == []
    with about._context.engine.write() as tx:
        tx.run("UPDATE piece SET space_n = ?", (n,))
        stored.todo(tx, [key for (key,) in tx.rows("SELECT n FROM note")])
    about.links.catch_up()
    assert about.links.of(about.notes.recent()[0].id) != []


@pytest.mark.not_on("sqlite", "postgres")
def test_links_are_shown_without_numpy(about: scribes.Scribes) -> None:
    embed(about)
    shown = about.notes.recent()[0].id
    about.links.catch_up()
    about.notes.add("A note that is not embedded yet", "Jude 3")
    program = (
        "import sys; from scribes.cli.main import main; main(sys.argv[1:]);"
        "sys.stderr.write('LOADED ' + ' '.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "links", shown],
        env=dict(os.environ) | {"SCRIBES_EMBEDDER": "off"}, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert "similar" in done.stdout
    assert "LOADED" in done.stderr
    assert "numpy" not in done.stderr.partition("LOADED ")[2].split()


def test_hundreds_of_notes_alike_cost_no_more_than_their_lists(vault: scribes.Scribes) -> None:
    vault.notes.add_many(NewNote(f"{number}", "grace grace mercy grace") for number in range(300))
    vault.notes.add_many(NewNote(f"other {number}", "boat boat king boat") for number in range(300))
    embed(vault)
    vault.links.catch_up()
    vault.notes.add("one more", "grace grace mercy grace")
    embed(vault)
    vault.links.catch_up()

    assert linking.differing(vault._context.engine) == 0
    assert len(entries(vault)) == 601 * rules.MOST


@pytest.mark.not_on("sqlite", "postgres")
def test_after_doctor_made_all_notes_anew_the_graph_is_of_their_new_keys(vault: scribes.Scribes) -> None:
    gone = vault.notes.add("Gone", "Jude 3")
    vault.notes.add_many(NewNote(f"{number}", "Jude 3 and Rom 8:28") for number in range(5))
    vault.links.catch_up()
    vault.notes.remove([gone.id])
    vault.notes.purge(older_than_days=0)
    with vault._context.engine.write() as tx:
        tx.run("UPDATE note SET title = 'damaged' WHERE n = 3")
    list(vault.checks.run(fix=True))

    assert len(vault.links.of(vault.notes.recent()[0].id)) == 4
    assert linking.differing(vault._context.engine) == 0
    with vault._context.engine.read() as tx:
        assert tx.value("SELECT max(from_n) FROM link") == tx.value("SELECT max(n) FROM note")


# Orphans, suggestions, graphs


def test_orphans_have_no_link_of_any_kind(vault: scribes.Scribes) -> None:
    vault.notes.add("Passage", "Jude 3")
    vault.notes.add("Passage too", "Jude 3")
    vault.notes.add("Written", "[[Named]]")
    vault.notes.add("Named", "text")
    alone = vault.notes.add("Alone", "text")
    vault.notes.remove([vault.notes.add("Gone", "text").id])

    assert [note.id for note in vault.links.orphans()] == [alone.id]


def test_suggestions_are_what_belongs_together_and_nobody_linked(vault: scribes.Scribes) -> None:
    bodies = ["Jude 3", "Jude 3", "Rom 8:28-30 and Job 1:1", "Rom 8:26-30", "Tit 3:8", "Tit 3:8 [[Note 4]]"]
    made = [vault.notes.add(f"Note {number}", body) for number, body in enumerate(bodies)]

    found = vault.links.suggestions()

    assert [{one.first.title, one.second.title} for one in found] == [{"Note 0", "Note 1"}, {"Note 2", "Note 3"}]
    assert found[0].links[0].why == "Jude 1:3"
    vault.links.link(made[0].id, made[1].id)
    vault.links.dismiss(made[2].id, made[3].id)
    assert vault.links.suggestions() == []


def test_a_graph_goes_so_many_steps(vault: scribes.Scribes) -> None:
    made = [vault.notes.add(f"Note {number}", f"[[Note {number + 1}]]") for number in range(5)]

    graph = vault.links.around(made[1].id, depth=2)

    assert {node.note.title: node.steps for node in graph.nodes} == {"Note 1": 0, "Note 0": 1, "Note 2": 1, "Note 3": 2}
    assert {(edge.first, edge.second) for edge in graph.edges} == {(made[at].id, made[at + 1].id) for at in range(3)}
    assert graph.whole


def test_a_note_linked_while_all_is_made_anew_is_not_lost(
    vault: scribes.Scribes, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = vault.notes.add("One", "Jude 3")
    whole, times = linking._Whole, []

    class Slow(whole):  # type: ignore[misc, valid-type]
        """Somebody else adds a note and links it before this is kept."""

        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments)
            times.append(1)
            if len(times) == 1:
                vault.notes.add("Two", "Jude 3")
                with vault._context.engine.write() as tx:
                    stored.put_stamp(tx)
                    for n in stored.waiting(tx, limit=10):
                        linking.update_in(tx, n)

    monkeypatch.setattr(linking, "_Whole", Slow)
    vault.links.rebuild()

    assert len(times) == 2
    assert others(vault.links.of(first.id)) == ["Two"]
    assert linking.differing(vault._context.engine) == 0


def test_what_is_saved_while_all_is_made_anew_still_waits(
    vault: scribes.Scribes, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = vault.notes.add("One", "Jude 3")
    whole = linking._Whole

    class Slow(whole):  # type: ignore[misc, valid-type]
        """Somebody else adds a note before this is kept."""

        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments)
            vault.notes.add("Two", "Jude 3")

    monkeypatch.setattr(linking, "_Whole", Slow)
    vault.links.rebuild()

    assert waiting(vault) == 1
    assert others(vault.links.of(first.id)) == ["Two"]


# The same graph, however it came about

BODIES = [
    "Rom 8:28",
    "Rom 8:28-30 and Jude 3",
    "Romans 8",
    "Isaiah 53:5; 1 Peter 2:24",
    "1 Peter 2:24",
    "Jude 3, Jude 4 and Isaiah 53:4-6",
    "Romans 7-8 and [[Note 1]]",
    "nothing",
    "grace grace mercy grace; harvest sheep sheep sheep",
    "grace grace grace grace; harvest sheep sheep boat. Jude 3",
    "boat boat boat boat; temple king king king",
    "boat boat temple boat; king king king king; Rom 8:28",
]
ACTIONS = ["add", "add", "add", "edit", "embed", "embed", "remove", "restore"]
ACTIONS += ["dismiss", "take back", "link", "undo", "purge", "look"]


@pytest.mark.usefixtures("one_by_one")
@pytest.mark.parametrize("most", [2, 3, 12])
def test_whatever_is_done_the_graph_is_what_a_rebuild_makes(
    vault: scribes.Scribes, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(rules, "MOST", most)

    @settings_of_hypothesis(max_examples=25)
    @given(
        st.lists(
            st.tuples(st.sampled_from(ACTIONS), st.integers(0, 30), st.integers(0, 30), st.sampled_from(BODIES)),
            max_size=30,
        )
    )
    def check(actions: list[tuple[str, int, int, str]]) -> None:
        for name, a, b, body in [("add", 0, 0, "Jude 3"), ("add", 0, 0, "Rom 8:28"), *actions]:
            try:
                _do(vault, name, a, b, body)
            except ScribesError:
                continue
        vault.links.catch_up()

        assert waiting(vault) == 0
        assert linking.differing(vault._context.engine) == 0
        after = _tables(vault)
        vault.links.rebuild()
        assert _tables(vault) == after

    check()


def _do(vault: scribes.Scribes, name: str, a: int, b: int, body: str) -> None:
    ids = [note.id for note in vault.notes.recent(limit=40)]
    first, second = (ids[number % len(ids)] if ids else "0000" for number in (a, b))
    actions = {
        "add": lambda: vault.notes.add(f"Note {a}", body),
        "edit": lambda: vault.notes.change(first, NotePatch(title=f"Note {b}", body=body)),
        "remove": lambda: vault.notes.remove([first]),
        "restore": lambda: vault.notes.restore([vault.notes.trash()[a % 5].id]),
        "dismiss": lambda: vault.links.dismiss(first, second),
        "take back": lambda: vault.links.restore(first, second),
        "link": lambda: vault.links.link(first, second),
        "undo": vault.history.undo,
        "purge": lambda: vault.notes.purge(older_than_days=0),
        "embed": lambda: embed(vault),
        "look": lambda: vault.links.of(first),
    }
    try:
        actions[name]()
    except IndexError:
        return


def _tables(vault: scribes.Scribes) -> dict[str, list[tuple[object, ...]]]:
    names = ("link", "link_sense", "link_view", "link_note", "link_use", "link_name", "link_text", "link_choice")
    with vault._context.engine.read() as tx:
        return {name: tx.rows(f"SELECT * FROM {name} ORDER BY 1, 2, 3") for name in names[:1]} | {
            name: sorted(tx.rows(f"SELECT * FROM {name}")) for name in names[1:]
        }
