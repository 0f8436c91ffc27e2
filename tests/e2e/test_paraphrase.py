"""`scribes paraphrase`, as a person types it, with a service on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.fakes import AssistantService, assistant_service

from .machine import Machine

BODY = "Anna read Romans 8:28 to us, and we were glad."
GOOD = "We were glad when Anna read us Romans 8:28."


@pytest.fixture
def service(machine: Machine) -> Iterator[type[AssistantService]]:
    with assistant_service() as told:
        machine.env |= {"SCRIBES_ASSISTANT_URL": told.url, "SCRIBES_ASSISTANT_MODEL": "a-model"}
        machine.run("add", f"All things\n\n{BODY}")
        told.rewrite = staticmethod(lambda _: GOOD)  # type: ignore[assignment]
        yield told


def test_it_prints_the_text_alone_and_says_where_it_was_sent(machine: Machine, service: type[AssistantService]) -> None:
    done = machine.run("paraphrase", "-")

    assert (done.out, done.status) == (GOOD + "\n", 0)
    assert done.err == "by a-model; the text was sent to 127.0.0.1\n"
    assert BODY in machine.run("show", "-").out


def test_a_paraphrase_that_loses_something_is_a_conflict(machine: Machine, service: type[AssistantService]) -> None:
    service.rewrite = staticmethod(lambda _: GOOD.replace("Anna", "someone"))  # type: ignore[assignment]
    done = machine.run("paraphrase", "-", "--apply")

    assert (done.out, done.status) == ("", 5)
    assert 'scribes: the paraphrase would lose the name "Anna"\nhint: ' in done.err
    assert BODY in machine.run("show", "-").out


def test_applied_it_is_an_edit_that_undo_takes_back(machine: Machine, service: type[AssistantService]) -> None:
    done = machine.run("paraphrase", "-", "--style", "short", "--apply")

    assert done.status == 0
    assert done.out.startswith(f"{GOOD}\n\nsaved ")
    assert "scribes undo" in done.err
    assert GOOD in machine.run("show", "-").out
    assert "undone: paraphrase - --style short --apply" in machine.run("undo").out
    assert BODY in machine.run("show", "-").out


def test_json_has_the_paraphrase_and_applied_the_note(machine: Machine, service: type[AssistantService]) -> None:
    said = json.loads(machine.run("paraphrase", "-", "--json").out)
    note = json.loads(machine.run("paraphrase", "-", "--json", "--apply").out)

    assert said["text"] == note["body"] == GOOD
    assert said["note_id"] == note["id"]
    assert said["model"] == "a-model"


def test_without_an_assistant_it_says_what_to_set(machine: Machine) -> None:
    machine.run("add", "A note")
    done = machine.run("paraphrase", "-")

    assert done.status == 2
    assert done.err == (
        "scribes: no assistant is set up\nhint: the settings assistant_url and assistant_model: notes are sent there\n"
    )
