"""`nox` runs every check; `nox -s bench` measures. Everything a session needs is installed by it."""

from __future__ import annotations

import os
import shutil

import nox

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["lint", "types", "imports", "tests"]
nox.options.reuse_existing_virtualenvs = True

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def install(session: nox.Session, group: str) -> None:
    """The project and a dependency group, byte-compiled as an installed program is."""
    groups = nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), group)
    session.install("-e", ".[server,postgres,observe]", *groups)


def browser(session: nox.Session) -> None:
    """Chromium, in which passkeys are tested; installed where that can be done, on a Debian by root."""
    if shutil.which("chromium") or not shutil.which("apt-get") or os.geteuid() != 0:
        return
    quiet = {
        "external": True,
        "silent": True,
        "success_codes": range(256),
        "env": {"DEBIAN_FRONTEND": "noninteractive"},
    }
    session.run("apt-get", "update", "-qq", **quiet)
    session.run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", **quiet)


@nox.session
def lint(session: nox.Session) -> None:
    """ruff: style and format; deptry: no dependency missing or unused."""
    install(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("deptry", "src")


@nox.session
def types(session: nox.Session) -> None:
    """mypy --strict."""
    install(session, "lint")
    session.run("mypy")


@nox.session
def imports(session: nox.Session) -> None:
    """Layers and other import contracts."""
    install(session, "lint")
    session.run("lint-imports")


@nox.session
def tests(session: nox.Session) -> None:
    """All tests, in random order on all cores; coverage of the core is measured and must not fall."""
    install(session, "test")
    browser(session)
    options = session.posargs or ["-n", str(os.cpu_count() or 2), "--cov", "--cov-report=term:skip-covered"]
    session.run("pytest", *options, env={"COVERAGE_CORE": "ctrace"})


@nox.session(name="tests-on", python=PYTHONS)
def tests_on(session: nox.Session) -> None:
    """The same tests on each supported Python that is installed."""
    install(session, "test")
    session.run("pytest", "-n", str(os.cpu_count() or 2), *session.posargs)


@nox.session
def nightly(session: nox.Session) -> None:
    """The property tests with fifty times as many examples."""
    install(session, "test")
    session.run("pytest", "-n", str(os.cpu_count() or 2), "--hypothesis-profile=nightly", *session.posargs)


@nox.session
def histories(session: nox.Session) -> None:
    """Random histories of sync, 20,000 by default: `nox -s histories -- 1000`."""
    install(session, "test")
    session.run("python", "-m", "tests.histories", *(session.posargs or ["20000"]))


@nox.session
def mutants(session: nox.Session) -> None:
    """Planted faults in sync and merging, each of which the random histories must notice."""
    install(session, "test")
    session.run("python", "-m", "tests.histories.mutants", *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """A million altered inputs for what comes from a remote, and some guided by coverage; `-- NUMBER SEED` else."""
    install(session, "fuzz")
    session.run("python", "-m", "tests.fuzz", *session.posargs)


@nox.session(name="api-fuzz")
def api_fuzz(session: nox.Session) -> None:
    """At least 5,000 requests made from the server's own document, and all checks of schemathesis: `-- NUMBER`."""
    install(session, "test")
    session.run("python", "-m", "tests.api_fuzz", *session.posargs)


@nox.session
def quality(session: nox.Session) -> None:
    """How well the right notes and verses are found; fails where words and meaning together are no better than each."""
    install(session, "test")
    session.run("python", "-m", "tests.quality", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Speed and memory, as ratios to something run beside them; `nox -s bench -- quick` for a short look."""
    install(session, "bench")
    session.run("python", "-m", "compileall", "-q", "src", silent=True)
    session.run("python", "-m", "tests.bench", *session.posargs)
