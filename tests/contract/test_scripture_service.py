"""A text of a service by way of the settings: the key comes from the environment and goes nowhere else."""

import logging
from collections.abc import Iterator

import pytest

from scribes.config import Settings, load
from scribes.errors import InvalidInput, NotFound, Unavailable
from scribes.records import replaced
from scribes.wiring import scripture

from .test_scripture_http import KEY, ROMANS_8, Server


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def of(service: str, server: Server) -> Settings:
    return load(scripture_service=service, scripture_url=server.url)


def test_a_text_that_is_not_at_hand_comes_from_the_service(server: Server) -> None:
    reading = scripture(of("helloao", server)).read("Rom 8:28", translation="BSB")

    assert reading.verses[0].text == ROMANS_8[28]
    assert reading.translation == "bsb"
    assert [path.split("/")[2] for path in server.asked] == ["BSB"]


def test_a_text_at_hand_is_never_asked_of_a_service(server: Server) -> None:
    scripture(of("helloao", server)).read("Rom 8:28", translation="kjv")

    assert server.asked == []


def test_the_key_is_read_from_the_environment_and_stays_secret(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = of("esv", server)
    with pytest.raises(InvalidInput, match="needs a key"):
        scripture(settings).read("Rom 8:28", translation="ESV")
    monkeypatch.setenv("SCRIBES_SCRIPTURE_KEY", KEY)

    with caplog.at_level(logging.DEBUG):
        reading = scripture(settings).read("Rom 8:28", translation="ESV")

    assert reading.verses[0].text == ROMANS_8[28]
    assert reading.credit
    assert KEY not in caplog.text
    assert KEY not in repr(settings)
    assert all(KEY not in path for path in server.asked)


def test_a_key_is_not_sent_in_the_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIBES_SCRIPTURE_KEY", KEY)
    settings = load(scripture_service="esv", scripture_url="http://127.0.0.1.example.org/")

    with pytest.raises(InvalidInput, match="in the open"):
        scripture(settings).read("Rom 8:28", translation="ESV")


def test_a_service_that_does_not_answer_is_unavailable() -> None:
    settings = load(scripture_service="helloao", scripture_url="http://127.0.0.1:9")

    with pytest.raises(Unavailable):
        scripture(settings).read("Rom 8:28", translation="BSB")


def test_without_a_service_nothing_is_asked_of_the_network() -> None:
    with pytest.raises(NotFound, match="BSB") as caught:
        scripture(load()).read("Rom 8:28", translation="BSB")
    assert "service" in str(caught.value.hint)


def test_an_unknown_service_is_named() -> None:
    with pytest.raises(InvalidInput, match="nowhere"):
        scripture(load(scripture_service="nowhere")).read("Rom 8:28", translation="BSB")


def test_verses_are_found_by_meaning_and_by_words(settings: Settings) -> None:
    texts = scripture(settings)
    hits = texts.find_verses("do not be anxious about tomorrow", limit=10)
    assert "Matt.6.34" in [hit.osis for hit in hits]
    assert all(hit.words or hit.meaning for hit in hits)
    assert all(hit.ordinal < 67_000_000 for hit in hits)
    name = texts.find_verses("Mephibosheth", limit=3)
    assert all("Mephibosheth" in hit.text and hit.words for hit in name)
    by_words = texts.find_verses("anxious", by="words", limit=5)
    assert all(hit.meaning is None and hit.words for hit in by_words)
    with pytest.raises(InvalidInput):
        texts.find_verses("?!")


def test_verses_by_meaning_need_an_embedder(settings: Settings) -> None:
    off = scripture(replaced(settings, embedder="off"))
    assert off.find_verses("anxious", by="words") == off.find_verses("anxious")
    with pytest.raises(Unavailable):
        off.find_verses("anxious", by="meaning")
