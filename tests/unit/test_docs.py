"""The documentation says what the program does: generated pages are fresh, names are complete, links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
import typer

from scribes import errors
from scribes.cli.app import build, names
from scribes.config import SETTINGS
from scribes.domain.query import FIELDS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_reference", ROOT / "tools" / "build_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def paths_of_commands() -> list[str]:
    """Every command with its group, as a person types it."""

    def below(path: str, command: object) -> list[str]:
        subcommands = getattr(command, "commands", {})
        return [path, *(line for name, sub in subcommands.items() for line in below(f"{path} {name}", sub))]

    root = typer.main.get_command(build())
    return [line for name, command in root.commands.items() for line in below(f"scribes {name}", command)]  # type: ignore[attr-defined]


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("name", ["cli.md", "settings.md", "errors.md", "server-settings.md", "../../.env.example"])
def test_a_generated_page_is_up_to_date(name: str) -> None:
    assert read(f"reference/{name}") == generator().pages()[name], "run: python tools/build_reference.py"


def test_every_command_is_in_the_reference() -> None:
    headings = set(re.findall(r"^### (.+)$", read("reference/cli.md"), re.MULTILINE))

    assert headings == set(paths_of_commands())
    assert {heading.split()[1] for heading in headings} == set(names())


def test_every_setting_is_in_the_reference_with_its_variable() -> None:
    text = read("reference/settings.md")

    assert [one.name for one in SETTINGS if f"| `{one.name}` | `SCRIBES_{one.name.upper()}` |" not in text] == []


def test_every_error_code_is_in_the_reference_with_its_statuses() -> None:
    text = read("reference/errors.md")
    rows = {row[0]: row for row in re.findall(r"^\| `(\w+)` \| `\w+` \| .*? \| (\d+) \| (\d+) \|", text, re.MULTILINE)}

    assert {code: int(row[1]) for code, row in rows.items()} == errors.EXIT_STATUS
    assert {code: int(row[2]) for code, row in rows.items()} == errors.HTTP_STATUS


def test_the_query_language_names_every_field() -> None:
    text = read("reference/query-language.md")

    assert [field for field in FIELDS if f"`{field}:" not in text] == []


def test_every_decision_is_in_the_index() -> None:
    index = read("decisions/README.md")
    records = [path.name for path in (DOCS / "decisions").glob("0*.md")]

    assert [name for name in records if f"({name})" not in index] == []


def test_every_core_dependency_has_a_line_that_says_why() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    required = [re.split(r"[<>=\[]", line)[0] for line in project["dependencies"]]
    text = read("explanation/dependencies.md")

    assert [name for name in [*required, *project["optional-dependencies"]] if f"`{name}`" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        if "://" in target or target.startswith("mailto:"):
            continue
        file, _, part = target.partition("#")
        place = (page.parent / file).resolve() if file else page
        if not place.exists():
            broken.append(target)
        elif part and place.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", place.read_text("utf-8"), re.MULTILINE)
            broken += [target] * (part not in map(anchor, headings))

    assert broken == []


@pytest.mark.parametrize("source", ["src", "tests", "tools", "pyproject.toml"])
def test_every_page_that_the_code_names_is_there(source: str) -> None:
    place = ROOT / source
    suffixes = {".py", ".sql", ".toml"}
    files = [place] if place.is_file() else [path for path in place.rglob("*") if path.suffix in suffixes]
    missing = []
    for file in files:
        for name in re.findall(r"(?<![/\w])docs/[\w/.-]*\w", file.read_text("utf-8")):
            here = (ROOT / name).exists() or list(ROOT.glob(f"{name}-*.md"))
            missing += [] if here else [f"{file.relative_to(ROOT)}: {name}"]

    assert missing == []


def test_a_page_names_no_machine_path() -> None:
    suspicious = re.compile(r"(?:^|[\s`(\"'])(/(?:work|tmp|root|home/(?!you/))\S*)", re.MULTILINE)
    found = {str(page.relative_to(ROOT)): suspicious.findall(page.read_text("utf-8")) for page in PAGES}

    assert {name: paths for name, paths in found.items() if paths} == {}
