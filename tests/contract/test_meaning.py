"""Notes found by what they mean: embedded after they are saved, in an encrypted file, with the real model."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest

import scribes
from scribes.adapters.embedder_local import LocalEmbedder
from scribes.errors import InvalidInput, Unavailable
from scribes.services.meaning import Meaning

NOTES = (
    ("Grace", "We have done nothing to earn God's love; it is a free gift.", ("grace",)),
    ("Anger", "He spoke about keeping one's temper, and not going to bed furious.", ("self-control",)),
    ("Money", "Tithing, debts, and being generous with what we earn.", ("money",)),
    ("Storm", "The disciples were terrified in the boat, until the waves lay still.", ()),
)


class Counting:
    """The bundled embedder, and what it was asked for."""

    def __init__(self, name: str = "") -> None:
        self._real = LocalEmbedder()
        self.name = name or self._real.name
        self.digest = self._real.digest if not name else name.encode().ljust(16)
        self.dimensions = self._real.dimensions
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        self.texts += texts
        return self._real.embed(texts)

    def embed_query(self, text: str) -> bytes:
        return self._real.embed_query(text)


class Given:
    """Some embedders, the last being that of the settings."""

    def __init__(self, embedders: Sequence[Counting]) -> None:
        self._embedders = embedders

    def chosen(self) -> Counting:
        return self._embedders[-1]

    def service(self) -> None:
        return None

    def named(self, name: str) -> Counting | None:
        return next((one for one in self._embedders if one.name == name), None)


@pytest.fixture
def filled(vault: scribes.Scribes) -> scribes.Scribes:
    for title, body, tags in NOTES:
        vault.notes.add(title, body, tags=tags)
    vault.meaning.run()
    return vault


def titles(vault: scribes.Scribes, text: str, **options: object) -> list[str]:
    return [hit.note.title for hit in vault.search.find(text, **options)]  # type: ignore[arg-type]


def with_embedder(vault: scribes.Scribes, *embedders: Counting) -> Meaning:
    """The index of a vault with another embedder; the last one is that of the settings."""
    return Meaning(vault._context, Given(embedders))


def test_a_note_is_found_by_other_words_than_its_own(filled: scribes.Scribes) -> None:
    assert titles(filled, "undeserved affection from above")[0] == "Grace"
    assert titles(filled, "controlling rage")[0] == "Anger"
    assert titles(filled, "sharing your income", by="meaning")[0] == "Money"
    hit = filled.search.find("undeserved affection from above")[0]
    assert not hit.words
    assert hit.meaning is not None
    assert 0.1 < hit.meaning < 1
    assert "free gift" in hit.snippet


def test_a_saved_note_waits_and_is_found_by_its_words_meanwhile(filled: scribes.Scribes) -> None:
    filled.notes.add("Vine", "Abide in him and bear much fruit.")
    assert filled.meaning.status().waiting == 1
    assert titles(filled, "fruit")[0] == "Vine"
    assert "Vine" not in titles(filled, "staying close to Jesus", by="meaning")
    assert filled.meaning.run() == 1
    assert titles(filled, "staying close to Jesus", by="meaning")[0] == "Vine"
    assert filled.meaning.status().waiting == 0


def test_nothing_is_embedded_yet(vault: scribes.Scribes) -> None:
    vault.notes.add("Grace", "unearned")
    remarks: list[str] = []
    assert [hit.note.title for hit in vault.search.find("grace", remark=remarks.append)] == ["Grace"]
    assert remarks == ["no note is embedded yet"]
    with pytest.raises(Unavailable):
        vault.search.find("grace", by="meaning")


def test_an_edit_and_a_deletion_are_right_at_once(filled: scribes.Scribes) -> None:
    ref = filled.search.find("controlling rage")[0].note.id
    filled.notes.change(ref, scribes.NotePatch(title="Bees", body="Honey and wax."))
    assert "Bees" not in titles(filled, "controlling rage", by="meaning")
    filled.meaning.run()
    assert titles(filled, "insects that make something sweet", by="meaning")[0] == "Bees"
    filled.notes.remove([ref])
    assert "Bees" not in titles(filled, "insects that make something sweet", by="meaning")
    filled.history.undo()
    filled.meaning.run()
    assert titles(filled, "insects that make something sweet", by="meaning")[0] == "Bees"


def test_purged_notes_leave_no_vector(filled: scribes.Scribes) -> None:
    before = filled.meaning.status().pieces
    filled.notes.remove([filled.search.find("controlling rage")[0].note.id])
    filled.notes.purge(older_than_days=0)
    filled.meaning.run()
    assert filled.meaning.status().pieces < before
    with filled._context.engine.read() as tx:
        left = tx.value("SELECT count(*) FROM vector WHERE NOT EXISTS (SELECT 1 FROM piece WHERE vector_n = vector.n)")
    assert left == 0


def test_filters_hold_for_meaning_too(filled: scribes.Scribes) -> None:
    assert titles(filled, "undeserved affection from above tag:money", by="meaning") in (["Money"], [])
    assert titles(filled, "undeserved affection from above tag:grace") == ["Grace"]
    assert "Grace" not in titles(filled, "undeserved affection from above -gift")
    assert titles(filled, "undeserved affection from above before:2020") == []
    assert titles(filled, "undeserved affection from above space:personal")[0] == "Grace"
    assert titles(filled, "undeserved affection from above space:nowhere") == []


def test_a_passage_in_the_query_ranks_the_notes_on_it(filled: scribes.Scribes) -> None:
    filled.notes.add("Chapter", "We read Romans 8 together.")
    filled.notes.add("Verse", "Nothing is wasted: Romans 8:28.")
    filled.notes.add("Other", "Romans is a letter, with 8 parts of 28 pages.")
    filled.meaning.run()
    hits = filled.search.find("Rom 8:28")
    assert [hit.note.title for hit in hits[:2]] == ["Verse", "Chapter"]
    assert [hit.passage for hit in hits[:2]] == ["Rom.8.28", "Rom.8"]
    hits = filled.search.find("nothing is wasted Romans 8:28")
    assert hits[0].note.title == "Verse"
    assert hits[0].words
    assert hits[0].passage == "Rom.8.28"
    assert set(titles(filled, "nothing is wasted book:romans")) <= {"Verse", "Chapter"}
    assert "Grace" not in titles(filled, "free gift book:romans")
    assert titles(filled, 'passage:"romans 8:1-30"')[:2] == ["Verse", "Chapter"]


def test_who_quotes_means_the_letters(filled: scribes.Scribes) -> None:
    assert titles(filled, '"undeserved affection from above"') == []
    assert titles(filled, "title:anger") == ["Anger"]
    assert titles(filled, "furi*") == ["Anger"]
    for query in ('"the boat"', "title:storm", "sto*", "storm OR boat"):
        with pytest.raises(InvalidInput):
            filled.search.find(query, by="meaning")
    assert all(hit.words and hit.meaning is None for hit in filled.search.find("boat", by="words"))


def test_nonsense_finds_nothing(filled: scribes.Scribes) -> None:
    assert titles(filled, "qwxz vbnmk") == []


def test_what_was_embedded_is_not_embedded_again(vault: scribes.Scribes) -> None:
    embedder = Counting()
    meaning = with_embedder(vault, embedder)
    for number in range(5):
        vault.notes.add("Benediction", "The grace of our Lord Jesus Christ be with you all, and peace be yours.")
        meaning.run()
        assert sum("grace of our Lord" in text for text in embedder.texts) == 1, number
    assert len(vault.search.find("a blessing upon everybody", by="meaning")) == 5


def test_a_note_that_changes_while_it_is_embedded_waits_again(vault: scribes.Scribes) -> None:
    note = vault.notes.add("Storm", "The sea was rough and the waves were high.")

    class Meddling(Counting):
        def embed(self, texts: Sequence[str]) -> list[bytes]:
            if any("waves" in text for text in texts):
                vault.notes.change(note.id, scribes.NotePatch(title="Garden", body="Tulips in a row."))
            return super().embed(texts)

    meaning = with_embedder(vault, Meddling())
    meaning.run()
    assert meaning.status().waiting == 0
    assert titles(vault, "flowers", by="meaning") == ["Garden"]
    assert all(hit.meaning and hit.meaning < 0.4 for hit in vault.search.find("a stormy ocean", by="meaning"))


def test_a_failing_embedder_loses_nothing(vault: scribes.Scribes) -> None:
    vault.notes.add("Storm", "The sea was rough and the waves were high.")

    class Failing(Counting):
        def embed(self, texts: Sequence[str]) -> list[bytes]:
            if any("waves" in text for text in texts):
                raise Unavailable("no answer")
            return super().embed(texts)

    with pytest.raises(Unavailable):
        with_embedder(vault, Failing()).run()
    assert vault.meaning.status().waiting == 1
    vault.meaning.run()
    assert titles(vault, "a stormy ocean", by="meaning") == ["Storm"]


def test_another_embedder_is_built_beside_and_takes_over_at_once(filled: scribes.Scribes) -> None:
    filled.notes.add("Vine", "Abide in him and bear much fruit.")
    filled.meaning.run()
    old, new = Counting(), Counting("other")
    meaning = with_embedder(filled, old, new)
    seen: list[tuple[bool, str]] = []

    def look(done: int, total: int) -> None:
        status = meaning.status()
        seen.append((status.building, filled.search.find("controlling rage", by="meaning")[0].note.title))

    meaning.run(seconds=0.0)
    with filled._context.engine.write() as tx:
        tx.run("DELETE FROM to_index WHERE note_n > 1")
        tx.run("INSERT OR IGNORE INTO to_index SELECT n FROM note")
    meaning.run(progress=look)
    # While it was built the old one served; then nothing of that was left.
    assert seen
    assert all(title == "Anger" for _, title in seen)
    status = meaning.status()
    assert (status.embedder, status.building, status.waiting) == ("other", False, 0)
    with filled._context.engine.read() as tx:
        assert tx.value("SELECT count(*) FROM embedding_space") == 1
        assert tx.value("SELECT count(DISTINCT space_n) FROM vector") == 1
    asked = meaning.ask("controlling rage")
    with filled._context.engine.read() as tx:
        assert tx.value("SELECT digest FROM embedding_space WHERE n = ?", (asked.space,)) != LocalEmbedder().digest


def test_vectors_of_an_embedder_that_is_gone_are_not_compared(vault: scribes.Scribes) -> None:
    vault.notes.add("Storm", "The sea was rough and the waves were high.")
    with_embedder(vault, Counting("gone")).run()
    remarks: list[str] = []
    assert [hit.note.title for hit in vault.search.find("waves", remark=remarks.append)] == ["Storm"]
    assert remarks
    assert "gone" in remarks[0]


def test_a_misspelt_word_gets_the_likeliest_one(filled: scribes.Scribes) -> None:
    assert filled.search.suggest("tithng") == "tithing"
    assert filled.search.suggest("disciples terified") == "disciples terrified"
    assert filled.search.suggest("gift") is None
    assert filled.search.suggest("zzzzqqqq") is None


def test_rebuilding_keeps_the_vectors_of_known_texts(filled: scribes.Scribes) -> None:
    embedder = Counting()
    meaning = with_embedder(filled, embedder)
    meaning.rebuild()
    assert meaning.status().waiting == len(NOTES)
    assert meaning.run() == len(NOTES)
    assert embedder.texts == []


def test_vectors_are_made_for_a_note_of_any_text(vault: scribes.Scribes) -> None:
    for body in ("\x01\x02", "🙏" * 300, "a" * 5000, "的" * 3000, "...", "\n\n#\n\n-", "[[ ]]"):
        vault.notes.add("t", body)
    vault.meaning.run()
    assert vault.meaning.status().waiting == 0
    with vault._context.engine.read() as tx:
        sizes = {size for (size,) in tx.rows("SELECT DISTINCT length(value) FROM vector")}
    assert sizes == {LocalEmbedder().dimensions}
    assert struct.calcsize("b") * LocalEmbedder().dimensions in sizes


def test_a_switch_that_was_given_up_takes_nothing_over(filled: scribes.Scribes) -> None:
    old, new = Counting(), Counting("other")
    with_new, with_old = with_embedder(filled, old, new), with_embedder(filled, new, old)
    with_new.run(seconds=0.0)
    assert with_new.status().building
    filled.notes.add("Vine", "Abide in him and bear much fruit.")
    with_old.run()
    assert not with_old.status().building
    with_new.run()
    status = with_new.status()
    assert (status.embedder, status.building, status.waiting) == ("other", False, 0)
    with filled._context.engine.read() as tx:
        assert tx.value("SELECT count(DISTINCT note_n) FROM piece") == len(NOTES) + 1
    assert not with_new.is_due()


def test_what_the_queue_lost_is_embedded_before_a_space_takes_over(filled: scribes.Scribes) -> None:
    old, new = Counting(), Counting("other")
    meaning = with_embedder(filled, old, new)
    meaning.run(seconds=0.0)
    with filled._context.engine.write() as tx:
        tx.run("DELETE FROM to_index")
    meaning.run()
    with filled._context.engine.read() as tx:
        assert tx.value("SELECT count(DISTINCT note_n) FROM piece") == len(NOTES)


def test_conditions_hold_beside_a_passage_too(filled: scribes.Scribes) -> None:
    filled.notes.add("Tagged", "Mercy, as in Psalm 51:1.", tags=["hope"])
    filled.notes.add("Other", "Mercy, as in Psalm 51:1, and law.")
    filled.meaning.run()
    assert titles(filled, "mercy Psalm 51 tag:hope") == ["Tagged"]
    assert "Tagged" not in titles(filled, "mercy Psalm 51 -tag:hope")
    assert "Other" not in titles(filled, "mercy Psalm 51 -law")
    assert titles(filled, "mercy Psalm 51 space:nowhere") == []
    assert titles(filled, "mercy Psalm 51 before:2001") == []


@pytest.mark.parametrize(
    "query", ["Rom 8:28#hope", "Rom 8:28tag:hope", "Rom 8:28after:2020", "Rom 8:28-law", "\U0010ffffabcd", "the is of"]
)
def test_odd_queries_are_answered(filled: scribes.Scribes, query: str) -> None:
    filled.search.find(query)
    filled.search.suggest(query)


def test_a_passage_with_a_condition_looks_beyond_the_nearest_hundred(vault: scribes.Scribes) -> None:
    vault.notes.add("Old", "Romans 8:28", tags=["old"])
    vault.notes.add_many(scribes.NewNote(f"Note {number}", "Romans 8:28") for number in range(150))
    assert titles(vault, "Romans 8:28 tag:old") == ["Old"]
    assert len(titles(vault, "Romans 8:28", limit=1000)) == 151


def test_a_passage_alone_has_the_meaning_of_its_name(filled: scribes.Scribes) -> None:
    filled.search.find("Psalm 23", by="meaning")


def test_purged_notes_leave_no_vector_even_where_meaning_is_off(filled: scribes.Scribes) -> None:
    filled.notes.remove([note.id for note in filled.notes.recent()])
    filled.notes.purge(older_than_days=0)
    with filled._context.engine.read() as tx:
        for table in ("vector", "piece", "vector_unused", "vector_tail"):
            assert tx.value(f"SELECT count(*) FROM {table}") == 0, table


def test_somebody_who_waits_does_not_wait_for_a_long_note(vault: scribes.Scribes) -> None:
    vault.notes.add("Short", "The sea was rough.")
    vault.notes.add("Long", "\n\n".join(f"Paragraph {number} speaks of the vine. " * 12 for number in range(200)))
    assert vault.meaning.run(seconds=20) == 1
    assert vault.meaning.status().waiting == 1
    assert titles(vault, "a stormy ocean", by="meaning")[0] == "Short"
    vault.meaning.run()
    assert vault.meaning.status().waiting == 0


def test_an_embedder_that_refuses_keeps_nobody_from_the_words(filled: scribes.Scribes) -> None:
    class Refusing(Counting):
        def embed_query(self, text: str) -> bytes:
            raise InvalidInput("the key was refused")

    from scribes.services.search import Search

    remarks: list[str] = []
    search = Search(filled._context, lambda: with_embedder(filled, Refusing()))
    assert [hit.note.title for hit in search.find("boat", remark=remarks.append)] == ["Storm"]
    assert remarks == ["the key was refused"]
    with pytest.raises(InvalidInput):
        search.find("boat", by="meaning")


def test_a_note_whose_text_is_refused_does_not_keep_the_others_waiting(vault: scribes.Scribes) -> None:
    for title, body, _ in NOTES:
        vault.notes.add(title, body)

    class Delicate(Counting):
        def embed(self, texts: Sequence[str]) -> list[bytes]:
            if any("furious" in text for text in texts):
                raise InvalidInput("that is refused")
            return super().embed(texts)

    meaning = with_embedder(vault, Delicate())
    meaning.run()
    assert meaning.status().waiting == 0
    assert titles(vault, "sharing your income", by="meaning")[0] == "Money"
    assert titles(vault, "furious", by="words") == ["Anger"]


def test_a_misspelt_word_is_not_put_right_inside_a_filter(filled: scribes.Scribes) -> None:
    assert filled.search.suggest("tithng tag:tithng") == "tithing tag:tithng"
