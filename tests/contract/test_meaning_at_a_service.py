"""Notes embedded by a service: what is sent, what is asked again, and a model that changes behind its name."""

from __future__ import annotations

import pytest

import scribes
from scribes.config import load
from scribes.errors import Unavailable
from tests.contract.test_embedder_http import MODEL, Service, service

__all__ = ["service"]


@pytest.fixture
def by_service(service: type[Service], monkeypatch: pytest.MonkeyPatch) -> type[Service]:
    monkeypatch.setenv("SCRIBES_EMBEDDER", "http")
    monkeypatch.setenv("SCRIBES_EMBEDDER_URL", service.url)  # type: ignore[attr-defined]
    monkeypatch.setenv("SCRIBES_EMBEDDER_MODEL", MODEL)
    monkeypatch.setenv("SCRIBES_EMBEDDER_KEY", "secret")
    return service


def test_notes_and_queries_go_to_the_service_and_nothing_before_it_is_needed(by_service: type[Service]) -> None:
    with scribes.open(settings=load()) as s:
        s.notes.add("Vine", "Abide and bear fruit.")
        assert s.search.find("fruit", by="words")
        assert by_service.asked == []
        s.meaning.run()
        assert {one["key"] for one in by_service.asked} == {"Bearer secret"}
        assert any("Abide" in text for one in by_service.asked for text in one["input"])
        assert s.meaning.status().embedder == "http"
        assert s.search.find("Abide and bear fruit.", by="meaning")


def test_opened_again_it_asks_for_the_query_alone_with_the_probe(by_service: type[Service]) -> None:
    with scribes.open(settings=load()) as s:
        s.notes.add("Vine", "Abide and bear fruit.")
        s.meaning.run()
    by_service.asked.clear()
    with scribes.open(settings=load()) as s:
        assert not s.meaning.is_due()
        assert by_service.asked == []
        s.search.find("staying")
        assert len(by_service.asked) == 1
        assert by_service.asked[0]["input"][-1] == "staying"


def test_a_model_that_changed_is_noticed_and_all_is_embedded_anew(by_service: type[Service]) -> None:
    with scribes.open(settings=load()) as s:
        s.notes.add("Vine", "Abide and bear fruit.")
        s.meaning.run()
        before = s.meaning.ask("x").space
    by_service.models[MODEL] = "another"
    with scribes.open(settings=load()) as s:
        with pytest.raises(Unavailable):
            s.search.find("staying", by="meaning")
        remarks: list[str] = []
        # Vectors of two models are not compared: the words still find it.
        assert [hit.note.title for hit in s.search.find("fruit", remark=remarks.append)] == ["Vine"]
        assert remarks
        assert s.meaning.is_due()
        s.meaning.run()
        assert s.meaning.ask("x").space != before
        assert s.search.find("Abide and bear fruit.", by="meaning")
        assert not s.meaning.is_due()


def test_a_silent_service_keeps_nobody_from_their_notes(
    by_service: type[Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRIBES_EMBEDDER_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("scribes.retries.FIRST_WAIT_S", 0.001)
    with scribes.open(settings=load()) as s:
        s.notes.add("Vine", "Abide and bear fruit.")
        with pytest.raises(Unavailable):
            s.meaning.run()
        assert s.meaning.status().waiting == 1
        assert [hit.note.title for hit in s.search.find("fruit")] == ["Vine"]


def test_from_a_service_to_the_bundled_model_and_back(
    by_service: type[Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    with scribes.open(settings=load()) as s:
        s.notes.add("Vine", "Abide and bear fruit.")
        s.meaning.run()
    monkeypatch.setenv("SCRIBES_EMBEDDER", "light")
    with scribes.open(settings=load()) as s:
        assert s.meaning.is_due()
        s.meaning.run()
        assert (s.meaning.status().embedder, s.meaning.status().dimensions) == ("light", 256)
        assert s.search.find("fruit of the vine", by="meaning")
    monkeypatch.setenv("SCRIBES_EMBEDDER", "http")
    with scribes.open(settings=load()) as s:
        s.meaning.run()
        assert s.meaning.status().embedder == "http"
        assert not s.meaning.is_due()


def test_a_model_that_changed_is_found_out_by_a_process_that_knows_nothing_yet(by_service: type[Service]) -> None:
    with scribes.open(settings=load()) as s:
        s.notes.add("Vine", "Abide and bear fruit.")
        s.meaning.run()
        before = s.meaning.ask("x").space
    by_service.models[MODEL] = "another"
    with scribes.open(settings=load()) as s:
        s.notes.add("New", "Written after the change.")
        s.meaning.run()
        assert s.meaning.status().waiting == 0
    with scribes.open(settings=load()) as s:
        assert s.meaning.ask("x").space != before
        assert s.search.find("Abide and bear fruit.", by="meaning")
        assert s.search.find("Written after the change.", by="meaning")
