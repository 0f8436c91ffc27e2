"""Paraphrases of notes: guarded, asked for twice at most, and never a change by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import scribes
from scribes.assistants import Assistants
from scribes.config import load
from scribes.errors import Conflict, InvalidInput, NotFound, Unavailable
from scribes.hosting import open_host
from scribes.models.notes import NotePatch
from scribes.records import replaced
from tests.fakes import AssistantService, assistant_service

BODY = 'Anna read Romans 8:28 to us: "all things work together for good", 3 times. #hope'
GOOD = 'To us Anna read, 3 times, Romans 8:28: "all things work together for good". #hope'


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[AssistantService]]:
    with assistant_service() as told:
        monkeypatch.setenv("SCRIBES_ASSISTANT_URL", told.url)
        monkeypatch.setenv("SCRIBES_ASSISTANT_MODEL", "a-model")
        monkeypatch.setenv("SCRIBES_ASSISTANT_KEY", "secret")
        yield told


@pytest.fixture
def vault(service: type[AssistantService]) -> Iterator[scribes.Scribes]:
    with scribes.open(settings=load()) as opened:
        yield opened


def rewrites(service: type[AssistantService], *answers: str) -> None:
    left = list(answers)
    service.rewrite = staticmethod(lambda _: left.pop(0) if len(left) > 1 else left[0])  # type: ignore[assignment]


def test_a_hallucinated_answer_is_asked_for_once_more_and_then_refused(
    vault: scribes.Scribes, service: type[AssistantService]
) -> None:
    note = vault.notes.add("All things", BODY)
    rewrites(service, GOOD.replace("8:28", "8:29"), GOOD.replace("Anna", "Paul"))

    with pytest.raises(Conflict) as raised:
        vault.assistant.paraphrase(note.id)

    assert raised.value.message == 'the paraphrase would lose the name "Anna" and add the name "Paul"'
    assert vault.notes.get(note.id) == note
    first, second = service.asked
    assert first["remark"] == ""
    assert 'would lose the reference "Romans 8:28" and add the reference "Romans 8:29"' in second["remark"]


def test_the_second_answer_is_taken_where_it_keeps_everything(
    vault: scribes.Scribes, service: type[AssistantService]
) -> None:
    note = vault.notes.add("All things", BODY)
    rewrites(service, "HACKED", GOOD)

    said = vault.assistant.paraphrase(note.handle, style="short")

    assert (said.text, said.answers, said.style, said.model, said.service) == (GOOD, 2, "short", "a-model", "127.0.0.1")
    assert (said.note_id, said.revision) == (note.id, note.revision)
    assert said.took_ms >= 0


def test_a_paraphrase_changes_no_note_and_its_text_alone_is_sent(
    vault: scribes.Scribes, service: type[AssistantService]
) -> None:
    note = vault.notes.add("Secret title", BODY, speaker="A. Speaker", tags=["private"])
    rewrites(service, GOOD)
    vault.assistant.paraphrase(note.id)

    assert vault.notes.get(note.id) == note
    sent = str(service.asked)
    assert service.asked[0]["note"] == BODY
    assert not any(word in sent for word in ("Secret", "Speaker", "private"))
    assert service.asked[0]["key"] == "Bearer secret"


def test_the_vault_can_be_written_to_while_the_service_thinks(
    vault: scribes.Scribes, service: type[AssistantService]
) -> None:
    note = vault.notes.add("All things", BODY)

    def write_meanwhile(_: str) -> str:
        vault.notes.change(note.id, NotePatch(title="Another title"))
        return GOOD

    service.rewrite = staticmethod(write_meanwhile)  # type: ignore[assignment]
    said = vault.assistant.paraphrase(note.id)

    assert vault.notes.get(note.id).title == "Another title"
    with pytest.raises(Conflict):
        vault.notes.change(note.id, NotePatch(body=said.text), at=said.revision)


def test_the_title_says_what_a_verse_without_a_book_means(
    vault: scribes.Scribes, service: type[AssistantService]
) -> None:
    note = vault.notes.add("Romans 8", "In v. 28 all things work together.")
    rewrites(service, "All things work together, says Romans 8:28.")

    assert vault.assistant.paraphrase(note.id).answers == 1


def test_a_note_without_text_a_long_one_and_a_strange_style_are_refused_before_anything_is_sent(
    vault: scribes.Scribes, service: type[AssistantService]
) -> None:
    empty, long = vault.notes.add("A title"), vault.notes.add("Long", "a " * 15_001)
    for ref, style in ((empty.id, "clear"), (long.id, "clear"), (long.id, "rhymed")):
        with pytest.raises(InvalidInput):
            vault.assistant.paraphrase(ref, style=style)
    with pytest.raises(NotFound):
        vault.assistant.paraphrase("ffffffffffff")

    assert service.asked == []


def test_without_settings_there_is_no_assistant(vault: scribes.Scribes, monkeypatch: pytest.MonkeyPatch) -> None:
    note = vault.notes.add("All things", BODY)
    monkeypatch.delenv("SCRIBES_ASSISTANT_MODEL")

    with scribes.open(settings=load()) as unset, pytest.raises(InvalidInput, match="no assistant is set up"):
        unset.assistant.paraphrase(note.id)


def test_a_silent_service_is_unavailable_and_remembered_between_two_questions(
    vault: scribes.Scribes, service: type[AssistantService], monkeypatch: pytest.MonkeyPatch
) -> None:
    note = vault.notes.add("All things", BODY)
    monkeypatch.setattr("scribes.retries.FIRST_WAIT_S", 0.001)
    service.faults += [lambda told: told.answer(500, b"")] * 5
    for _ in range(2):
        with pytest.raises(Unavailable):
            vault.assistant.paraphrase(note.id)

    with pytest.raises(Unavailable, match="left alone"):
        vault.assistant.paraphrase(note.id)
    assert len(service.asked) == 5


def test_a_person_on_a_server_has_the_servers_assistant(tmp_path: Path, service: type[AssistantService]) -> None:
    rewrites(service, GOOD)
    host = open_host(str(tmp_path / "server"), "", "")
    me = host.of(host.found("Anna", personal=True))
    note = me.notes.add("All things", BODY)
    with pytest.raises(InvalidInput, match="no assistant is set up"):
        me.assistant.paraphrase(note.id)
    host.assistants = Assistants(replaced(host.settings, assistant_url=service.url, assistant_model="a-model"))

    assert host.of(me.key).assistant.paraphrase(note.id).text == GOOD
    host.close()
