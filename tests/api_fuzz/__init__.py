"""The server asked by its own document: `schemathesis` makes requests that fit it and that do not, and checks answers.

`python -m tests.api_fuzz 5000` asks at least so often.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.config import (
    ChecksConfig,
    CoveragePhaseConfig,
    ExamplesPhaseConfig,
    FuzzingPhaseConfig,
    GenerationConfig,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
    StatefulPhaseConfig,
)
from schemathesis.config._checks import NegativeDataRejectionConfig, NotAServerErrorConfig, PositiveDataAcceptanceConfig
from schemathesis.engine import events, from_schema

from tests.server.town import EVERYBODYS, Town, makers

from .known import is_known
from .standing import TOKEN, Standing

# What is answered to what a document cannot describe: too long an address (414), too large a body (413).
REFUSED = ["400", "401", "403", "404", "405", "406", "409", "412", "413", "414", "415", "422", "428", "429"]
TAKEN = ["2xx", "3xx", "401", "403", "404", "409", "413", "414", "428", "429"]
GOOD = {
    **{place: [value] for place, value in EVERYBODYS.items()},
    "header if-match": ["*"],
    "query circle": ["", "personal"],
    "query base": [""],
    "query passage": ["John 1:16"],
    "query translation": ["web"],
}
PHASES = ("examples", "coverage", "fuzzing", "stateful")


@dataclass
class Report:
    """How often was asked in each phase, what was answered, and what is wrong, once a kind, with how to do it again."""

    cases: Counter[str] = field(default_factory=Counter)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    failures: dict[tuple[str, str], str] = field(default_factory=dict)
    times: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """How often was asked."""
        return sum(self.cases.values())

    def never_done(self) -> list[str]:
        """The operations that never went well, so that little is known of them."""
        done = {operation for operation, status in self.statuses if status < 300}
        return sorted({operation for operation, _ in self.statuses} - done)


def by_status(report: Report) -> dict[int, int]:
    """How often each status was answered."""
    found: dict[int, int] = {}
    for (_, status), times in report.statuses.items():
        found[status] = found.get(status, 0) + times
    return found


def asked(town: Town, *, examples: int, phases: Iterable[str] = PHASES, seed: int = 1) -> Report:
    """What comes of asking a server with at most so many examples of each operation and phase."""
    report = Report()
    document = _with_real_things(town)
    paths = set(document["paths"])
    schema = schemathesis.openapi.from_dict(document, config=_config(examples, set(phases), seed))
    schema.app = Standing(town, report.statuses)
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            report.cases[str(event.phase)] += len(event.recorder.cases)
            for label, title, text in _failures(event.recorder, paths):
                report.failures.setdefault((label, title), text)
                report.times[label, title] += 1
        elif isinstance(event, events.NonFatalError):
            report.failures.setdefault((event.label, "error of the fuzzer"), str(event.info))
        elif isinstance(event, events.FatalError):
            raise event.exception
    return report


def _failures(recorder: Any, paths: set[str]) -> Iterator[tuple[str, str, str]]:
    for id, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                failure = check.failure_info.failure
                interaction = recorder.interactions.get(id)
                response = interaction.response if interaction is not None else None
                said = response.content.decode(errors="replace") if response is not None else ""
                if not is_known(failure.operation, failure.title, said, paths):
                    text = f"{failure.message[:1500]}\n{check.failure_info.code_sample[:1500]}\n{said[:600]}"
                    yield failure.operation, failure.title, text


def _without_tuples(schema: dict[str, Any]) -> dict[str, Any]:
    """A list whose parts are each of another kind as one of either kind: schemathesis 4.32 stumbles over the first."""
    if "prefixItems" in schema:
        schema["items"] = {"anyOf": schema.pop("prefixItems")}
    return schema


def _with_real_things(town: Town) -> dict[str, Any]:
    """The document, in which an id may also be one that is there: else all would be asked for what nobody has."""
    document: dict[str, Any] = json.loads(json.dumps(town.app.openapi()))
    schemas = document["components"]["schemas"]
    schemas["PageOut"] = json.loads(json.dumps(schemas["PageOut"]), object_hook=_without_tuples)
    for path, item in document["paths"].items():
        places = {found[1]: path[: found.end()] for found in re.finditer(r"\{(\w+)\}", path)}
        for operation in item.values():
            for one in operation.get("parameters", ()):
                place = places.get(one["name"], "") if one["in"] == "path" else f"{one['in']} {one['name']}"
                if place in makers or place in GOOD:
                    known = GOOD.get(place) or [town.anna.thing(place)]
                    one["schema"] = {"anyOf": [{"type": "string", "enum": known}, one["schema"]]}
    return document


def _config(examples: int, phases: set[str], seed: int) -> SchemathesisConfig:
    checks = ChecksConfig(
        # What is switched off on a server, or waits for another one, is said with 503 and no fault.
        not_a_server_error=NotAServerErrorConfig(expected_statuses=["2xx", "3xx", "4xx", "503"]),
        positive_data_acceptance=PositiveDataAcceptanceConfig(expected_statuses=TAKEN),
        negative_data_rejection=NegativeDataRejectionConfig(expected_statuses=REFUSED),
    )
    project = ProjectConfig(
        headers={"Authorization": f"Bearer {TOKEN}"},
        generation=GenerationConfig(max_examples=examples, no_shrink=True, database="none"),
        continue_on_failure=True,
        checks=checks,
        phases=PhasesConfig(
            examples=ExamplesPhaseConfig(enabled="examples" in phases),
            coverage=CoveragePhaseConfig(enabled="coverage" in phases),
            fuzzing=FuzzingPhaseConfig(enabled="fuzzing" in phases),
            stateful=StatefulPhaseConfig(enabled="stateful" in phases),
        ),
    )
    return SchemathesisConfig(seed=seed, projects=ProjectsConfig(default=project))
