"""What README.md and the how-to for the library show, runs; and the two commands are there to be copied."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
WITH_EXAMPLES = ("README.md", "docs/how-to/library.md")


def examples(name: str) -> list[str]:
    return EXAMPLE.findall((ROOT / name).read_text("utf-8"))


def command(marker: str) -> str:
    """The command below a marker in README.md: what .ci/run copies."""
    text = (ROOT / "README.md").read_text("utf-8")
    found = re.findall(rf"^<!-- command: {marker} -->\n```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    return str(found[0]).strip()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith(("SCRIBES_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("SCRIBES_KEYSTORE", "file")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_python_examples_of_a_page_run(name: str, home: Path) -> None:
    shared: dict[str, object] = {"__name__": "__example__"}
    found = examples(name)

    assert found
    for number, example in enumerate(found, 1):
        exec(compile(example, f"{name}, example {number}", "exec"), shared)


def test_the_readme_installs_and_runs_the_main_job_in_one_command() -> None:
    line = command("run")

    assert "\n" not in line
    assert "scribes add" in line
    assert "scribes find" in line


def test_the_readme_installs_and_runs_the_tests_in_one_command() -> None:
    line = command("test")

    assert "\n" not in line
    assert line.endswith("nox")


def test_the_workflow_runs_the_test_command_of_the_readme() -> None:
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")

    assert command("test") in workflow or ".ci/run" in workflow
