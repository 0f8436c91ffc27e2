"""The assistant over HTTP: off unless somebody says so, and asked no more than it can bear."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from scribes.errors import InvalidInput
from scribes.server.app import create_app
from scribes.server.settings import ServerSettings, read_settings
from tests.fakes import AssistantService, assistant_service

BODY = 'Anna read Romans 8:28 to us: "all things work together for good", 3 times. #hope'
GOOD = 'To us Anna read, 3 times, Romans 8:28: "all things work together for good". #hope'


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def add(http: TestClient) -> str:
    return str(http.post("/v1/notes", json={"title": "All things", "body": BODY}).json()["id"])


def test_an_assistant_that_is_off_says_so(anna: TestClient) -> None:
    answer = anna.post(f"/v1/notes/{add(anna)}/paraphrase", json={})

    assert code(answer) == (503, "unavailable")
    assert "switched off" in answer.json()["error"]["message"]


def test_an_assistant_without_a_service_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="assistant_url"):
        read_settings(mode="development", data_folder=str(tmp_path), assistant=True)


class TestSwitchedOn:
    """With a service on this machine."""

    @pytest.fixture
    def service(self) -> Iterator[type[AssistantService]]:
        with assistant_service() as told:
            told.rewrite = staticmethod(lambda _: GOOD)  # type: ignore[assignment]
            yield told

    @pytest.fixture
    def app(self, tmp_path: Path, service: type[AssistantService]) -> FastAPI:
        return create_app(
            ServerSettings(
                mode="development",
                data_folder=str(tmp_path / "server"),
                assistant=True,
                assistant_url=service.url,
                assistant_model="a-model",
                assistant_an_hour=3,
            )
        )

    def test_a_note_is_said_in_other_words(self, anna: TestClient, service: type[AssistantService]) -> None:
        id = add(anna)
        before = anna.get(f"/v1/notes/{id}").json()
        answer = anna.post(f"/v1/notes/{id}/paraphrase", json={"style": "short"})

        assert answer.status_code == 200, answer.text
        assert answer.json()["text"] == GOOD
        assert (answer.json()["style"], answer.json()["revision"]) == ("short", before["revision"])
        assert anna.get(f"/v1/notes/{id}").json() == before
        assert service.asked[0]["note"] == BODY

    def test_what_loses_something_is_not_shown(self, anna: TestClient, service: type[AssistantService]) -> None:
        service.rewrite = staticmethod(lambda _: GOOD.replace("8:28", "8:29"))  # type: ignore[assignment]
        answer = anna.post(f"/v1/notes/{add(anna)}/paraphrase", json={})

        assert code(answer) == (409, "conflict")
        assert "8:29: " not in answer.text

    def test_notes_of_others_are_never_sent(
        self, anna: TestClient, ben: TestClient, service: type[AssistantService]
    ) -> None:
        assert code(ben.post(f"/v1/notes/{add(anna)}/paraphrase", json={})) == (404, "not_found")
        assert code(anna.post(f"/v1/notes/{add(anna)}/paraphrase", json={"style": "rude"})) == (422, "invalid")
        assert service.asked == []

    def test_so_many_an_hour(self, anna: TestClient, ben: TestClient) -> None:
        id = add(anna)
        answers = [anna.post(f"/v1/notes/{id}/paraphrase", json={}) for _ in range(4)]

        assert [one.status_code for one in answers] == [200, 200, 200, 429]
        assert int(answers[3].headers["retry-after"]) > 0
        assert ben.post(f"/v1/notes/{add(ben)}/paraphrase", json={}).status_code == 200

    def test_a_service_that_does_not_answer_is_unavailable(
        self, app: FastAPI, anna: TestClient, service: type[AssistantService]
    ) -> None:
        service.faults += [lambda self: self.answer(500, b"{}")] * 8

        assert code(anna.post(f"/v1/notes/{add(anna)}/paraphrase", json={})) == (503, "unavailable")
