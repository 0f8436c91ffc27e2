"""Rules of the house that no other tool holds."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "scribes"
FACES = ("cli", "server")
SQL = re.compile(
    r"\s*(SELECT .* FROM|INSERT INTO|DELETE FROM|UPDATE \w+ SET|CREATE TABLE|PRAGMA \w+|BEGIN IMMEDIATE)\b", re.DOTALL
)
SQLITE_ONLY = re.compile(
    r"INSERT OR |\bGLOB '|NOCASE|\bifnull\(|\btotal\(|\bx'|group_concat|\bjson_|strftime|last_insert_rowid"
    r"|sum\([\w.]+ [=<>!]|\b(min|max)\([\w.]+, |\bIS \?|WHERE NOT \w+ AND"
)
SQL_HOMES = ("storage/", "adapters/engine_", "sqlite_file.py")
# What a hot command may never load, and more that is never needed for one.
FORBIDDEN_WHEN_HOT = (
    "sqlalchemy", "sqlmodel", "pydantic", "fastapi", "httpx", "httpx2", "numpy", "rich", "apscheduler", "jinja2",
    "typer", "cryptography", "yaml", "platformdirs", "dataclasses", "typing", "json", "enum", "argparse", "tomllib",
    "inspect", "hashlib", "threading", "subprocess", "pathlib", "re",
)  # fmt: skip
MAX_FILE_LINES, MAX_FUNCTION_LINES = 460, 50


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        yield path.relative_to(SOURCE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def test_sql_stands_in_storage_and_engines_only() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in modules()
        if not name.startswith(SQL_HOMES)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value)
    ]

    assert found == []


def test_sql_of_the_core_is_understood_by_both_engines() -> None:
    """Nothing that SQLite alone knows, but for words in storage/search.py and what postgres_sql.py translates."""
    found = [
        f"{name}:{node.lineno} {sqlite_only[0]}"
        for name, tree in modules()
        if name.startswith("storage/") and name not in ("storage/search.py", "storage/integrity.py")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for sqlite_only in [SQLITE_ONLY.search(node.value)]
        if sqlite_only
    ]

    assert found == []


def test_nothing_below_a_face_prints_or_exits() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in modules()
        if not name.startswith(FACES) and name != "__main__.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Name) and node.func.id in ("print", "exit"))
            or (isinstance(node.func, ast.Attribute) and ast.unparse(node.func) in ("sys.exit", "os._exit"))
        )
    ]

    assert found == []


def test_services_and_below_never_ask_the_clock() -> None:
    """`tx.now_us` is the clock; a backup's file name and a lock's deadline are not in a transaction."""
    allowed = {"services/backups.py", "services/checks.py", "services/search.py"}
    found = [
        f"{name}:{node.lineno}"
        for name, tree in modules()
        if name.startswith(("services", "storage", "domain", "models", "crypto")) and name not in allowed
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("time.time", "time.time_ns", "datetime.now", "date.today")
    ]

    assert found == []


def test_only_faces_and_job_runners_catch_everything() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in modules()
        if not name.startswith(FACES) and name != "services/jobs.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and node.type is not None and ast.unparse(node.type) == "Exception"
    ]

    assert found == []


def test_every_raised_error_is_ours() -> None:
    """ValueError and its kin are raised only where the same module catches them."""
    inner = {"ValueError", "TypeError", "AttributeError", "AssertionError", "RuntimeError", "KeyboardInterrupt"}
    foreign = {"Exception", "OSError", "IOError", "LookupError", "KeyError", "SystemExit", "NotImplementedError"}
    found = [
        f"{name}:{node.lineno} {raised}"
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise) and node.exc is not None
        for raised in [ast.unparse(node.exc.func if isinstance(node.exc, ast.Call) else node.exc)]
        if raised in foreign
        or (raised in inner and name.startswith("services/") and raised not in {"ValueError", "AssertionError"})
    ]

    assert found == []


def test_files_and_functions_stay_short() -> None:
    long = [
        f"{name}: {len(text)} lines"
        for name in (path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py"))
        if len(text := (SOURCE / name).read_text(encoding="utf-8").splitlines()) > MAX_FILE_LINES
        and "data" not in name
        and not name.startswith("scripture/names/")
    ]
    long += [
        f"{name}:{node.name} {node.end_lineno - node.lineno} lines"
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.end_lineno and node.end_lineno - node.lineno > MAX_FUNCTION_LINES
    ]

    assert long == []


@pytest.mark.parametrize("command", [["add", "a note"], ["list"], ["find", "-w", "note"], ["show", "1"]])
def test_hot_commands_load_nothing_heavy(command: list[str], home: Path) -> None:
    program = (
        "import sys; from scribes.cli.main import main; before = set(sys.modules);"
        "main(sys.argv[1:]); sys.stderr.write('LOADED ' + ' '.join(sorted({m.split('.')[0] for m in sys.modules})))"
    )
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "SCRIBES_KEYSTORE": "file"}
    environment["SCRIBES_INDEXING"] = "manual"
    for words in (["add", "a note"], ["list"], command):
        done = subprocess.run(
            [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {program}", *words],
            env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
    loaded = set(done.stderr.partition("LOADED ")[2].split())

    assert loaded & set(FORBIDDEN_WHEN_HOT) == set()


def test_importing_scribes_loads_the_standard_library_at_most() -> None:
    program = "import sys; before = set(sys.modules); import scribes; print(*sorted(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert [name for name in loaded if not name.startswith("scribes")] in ([], ["__future__"])
