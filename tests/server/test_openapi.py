"""The document of the interface: complete, true to what is answered, and asked by `schemathesis`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.api_fuzz import asked, by_status

from .document import JSON, Operation
from .test_strangers import PUBLIC
from .town import Town

PER_OPERATION = 1
FEWEST = 300


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with Town(tmp_path_factory.mktemp("town") / "server").opened() as town:
        yield town


def test_every_operation_has_a_name_and_a_line_of_its_own(town: Town) -> None:
    ids = Counter(one.said["operationId"] for one in town.operations)
    lines = Counter((one.said["summary"], tuple(one.said.get("tags", ()))) for one in town.operations)

    assert [id for id, times in ids.items() if times > 1] == []
    assert [line for line, times in lines.items() if times > 1] == []
    assert [str(one) for one in town.operations if not one.said.get("description")] == []
    assert [str(one) for one in town.operations if "Raises:" in one.said["description"]] == []


def test_a_line_is_a_sentence_about_the_operation_and_no_name_of_a_function(town: Town) -> None:
    lines = {str(one): one.said["summary"] for one in town.operations}
    ids = {str(one): one.said["operationId"] for one in town.operations}

    assert lines["DELETE /v1/notes/{id}"] == "A note into the trash"
    assert [line for line in lines.values() if len(line) > 120 or (line.istitle() and " " in line)] == []
    assert ids["PUT /v1/notes/{id}"] == "notes_put_note"


def test_every_group_of_operations_is_described(town: Town) -> None:
    described = {one["name"] for one in town.operations[0].document["tags"]}

    assert {tag for one in town.operations for tag in one.said["tags"]} == described


def test_a_stream_of_events_is_described_as_the_version_of_the_document_can(town: Town) -> None:
    (events,) = (one.said["responses"]["200"]["content"] for one in town.operations if str(one) == "GET /v1/events")

    assert town.operations[0].document["openapi"].startswith("3.1")
    assert events == {"text/event-stream": {}}


def test_no_parameter_has_an_empty_default_which_its_schema_may_refuse(town: Town) -> None:
    found = [(str(one), name["name"]) for one in town.operations for name in one.said.get("parameters", ())
             if name["schema"].get("default") == ""]  # fmt: skip

    assert found == []


def test_every_body_has_an_example(town: Town) -> None:
    assert [str(one) for one in town.operations if JSON in one.bodies and not one.examples()] == []


def test_every_failure_is_documented_as_the_envelope(town: Town) -> None:
    strays = [str(one) for one in town.operations for status in ("422", "default") if not is_envelope(one, status)]

    assert strays == []


def test_the_document_says_what_needs_a_token(town: Town) -> None:
    open_ones = {str(one) for one in town.operations if not one.said.get("security")}

    assert open_ones <= PUBLIC
    assert {str(one) for one in town.operations} - open_ones - PUBLIC == {
        str(one) for one in town.operations if str(one) not in PUBLIC
    }


@pytest.mark.filterwarnings("ignore::Warning")
def test_requests_that_fit_the_document_and_that_do_not_are_answered_as_it_says(town: Town) -> None:
    """The short form of `nox -s api-fuzz`."""
    report = asked(town, examples=PER_OPERATION, phases=("examples", "fuzzing"))
    failures = [f"{operation}: {title}\n{text}" for (operation, title), text in report.failures.items()]

    assert failures == []
    assert report.total >= FEWEST
    assert by_status(report).get(500) is None
    assert sum(times for status, times in by_status(report).items() if status < 300) > report.total / 10


def is_envelope(one: Operation, status: str) -> bool:
    content = one.said["responses"].get(status, {}).get("content", {})
    return list(content) == [JSON] and content[JSON]["schema"].get("$ref", "").endswith("/FailureAnswer")
