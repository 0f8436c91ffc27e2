"""`scribes login` and all that follows, as people type it, against `scribes serve` in a process of its own."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.machine import Machine
from tests.server.serving import SOURCE, Served

PASSWORD = "four words are good"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("served") / "data", mode="development") as one:
        yield one


class People:
    """Machines by name."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url

    def machine(self, name: str) -> Machine:
        made = Machine(self.folder, name)
        made.env |= {"PYTHONPATH": str(SOURCE), "SCRIBES_DEVICE": name, "SCRIBES_NAME": name.capitalize()}
        return made

    def signs_up(self, name: str, email: str) -> Machine:
        made = self.machine(name)
        made.ok("login", self.url, "--email", email, "--new", stdin=f"{PASSWORD}\n")
        return made


@pytest.fixture
def people(tmp_path: Path, served: Served) -> People:
    return People(tmp_path, served.url)


def test_the_walk_of_two_people_as_they_type_it(people: People) -> None:
    anna, url = people.machine("anna"), people.url
    done = anna.run("login", url, "--new", stdin=f"anna@example.org\n{PASSWORD}\n")
    assert done.status == 0, done.err
    assert done.out == f"signed in at {url} as anna@example.org\n"
    anna.ok("add", "Grace", "Grace upon grace.")
    assert anna.ok("sync").split("\t")[:2] == ["personal", "2"]
    status = json.loads(anna.ok("sync", "--status", "--json"))[0]
    assert (status["remote"], status["mode"]) == (url, "sealed")

    # A second device signs in, and is let in by the first.
    phone = people.machine("phone")
    assert (
        "scribes devices add --server"
        in phone.run("login", url, "--email", "anna@example.org", stdin=f"{PASSWORD}\n").err
    )
    code = phone.ok("devices", "add", "--server", url, "--quiet").strip()
    anna.ok("devices", "add", code, "--yes")
    phone.ok("devices", "add", "--server", url)
    assert "Grace" in phone.ok("list")

    # A circle: by a link that needs no folder.
    ben = people.signs_up("ben", "ben@example.org")
    anna.ok("circle", "create", "Bethel")
    link = json.loads(anna.ok("circle", "invite", "Bethel", "--json"))["link"]
    assert link.startswith(f"{url}/j/")
    ben.ok("circle", "join", stdin=f"{link}\n")
    anna.ok("add", "Psalm 23", "The Lord is my shepherd.")
    anna.ok("list")
    anna.ok("circle", "share", "1", "Bethel")
    anna.ok("sync")
    ben.ok("sync")
    ben.ok("list")
    ben.ok("tag", "1", "shepherd")
    anna.ok("list")
    anna.ok("edit", "1", "--speaker", "Stott")
    for machine in (ben, anna, ben, anna):
        machine.ok("sync")
    for machine in (anna, ben):
        machine.ok("list")
        shown = json.loads(machine.ok("show", "1", "--json"))
        shown = shown[0] if isinstance(shown, list) else shown
        assert (shown["speaker"], shown["tags"]) == ("Stott", ["shepherd"])

    # The end of access.
    anna.ok("circle", "remove", "Bethel", "Ben", "--yes")
    anna.ok("list")
    anna.ok("tag", "1", "later")
    anna.ok("sync")
    ben.run("sync")
    ben.ok("list")
    assert "later" not in ben.ok("show", "1", "--json")
    assert json.loads(ben.ok("circle", "list", "--json"))[0]["role"] == ""

    assert phone.ok("logout", url) == "signed out\n"
    done = phone.run("sync")
    assert done.status == 4
    assert f"hint: scribes login {url}" in done.err


def test_a_wrong_password_says_so_and_shows_nothing(people: People) -> None:
    people.signs_up("carl", "carl@example.org")
    machine = people.machine("carl2")
    done = machine.run("login", people.url, "--email", "carl@example.org", stdin="five words are too many\n")

    assert done.status == 4
    assert f"scribes: the e-mail or the password is wrong at {people.url}\n" in done.err
    assert "five words" not in done.err
    assert machine.run("sync").status == 3


def test_a_device_that_is_signed_out_is_told_by_doctor(people: People) -> None:
    machine = people.signs_up("gina", "gina@example.org")
    machine.ok("sync")
    machine.ok("logout", people.url)
    found = {one["name"]: one for one in json.loads(machine.run("doctor", "--json").out)}

    assert found["sync"]["state"] == "warning"
    assert found["sync"]["detail"] == f"not signed in at {people.url}, 0 to send"
    assert found["sync"]["fix"] == f"scribes login {people.url}"


def test_the_server_of_an_open_circle_is_named_among_the_devices(people: People) -> None:
    machine = people.signs_up("hugo", "hugo@example.org")
    machine.ok("circle", "create", "Home group", "--open")

    assert [one["name"] for one in json.loads(machine.ok("devices", "--json"))] == ["hugo", f"the server {people.url}"]


def test_the_password_comes_from_the_environment_too_and_goes_to_no_program(people: People) -> None:
    machine = people.machine("dora")
    machine.env["SCRIBES_SERVER_PASSWORD"] = PASSWORD
    machine.ok("login", people.url, "--email", "dora@example.org", "--new")
    machine.editor(
        "import os; assert 'SCRIBES_SERVER_PASSWORD' not in os.environ; text = text.replace('Grace', 'Edited')"
    )
    machine.ok("add", "Grace")
    machine.ok("list")
    machine.ok("edit", "1")

    assert "Edited" in machine.ok("list")


@pytest.mark.parametrize(
    ("words", "stdin", "status"),
    [
        (("login", "http://notes.example.org"), "a@b\nfour words are good\n", 2),
        (("login", "ftp://x"), "a@b\nfour words are good\n", 2),
        (("login", "URL", "--email", "no address"), "four words are good\n", 2),
        (("login", "URL", "--email", "a@b.org", "--new"), "short\n", 2),
        (("login", "URL", "--email", "a@b.org", "--invite"), "", 2),
        (("login", "http://127.0.0.1:9", "--email", "a@b.org"), "four words are good\n", 6),
        (("logout", "URL"), "", 3),
        (("sync", "setup", "URL"), "", 4),
        (("devices", "add", "--server", "URL"), "", 4),
        (("devices", "add", "--server", "URL", "--folder", "x"), "", 2),
        (("circle", "create", "Bethel", "--server", "URL"), "", 4),
        (("circle", "create", "Bethel", "--server", "URL", "--folder", "x"), "", 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_cannot_be_done_is_said(people: People, words: tuple[str, ...], stdin: str, status: int) -> None:
    machine = people.machine("eve")
    machine.ok("add", "Grace")
    done = machine.run(*(people.url if word == "URL" else word for word in words), stdin=stdin)

    assert done.status == status, done
    assert done.out == ""
    assert re.search(r"^scribes: [a-z-]", done.err, re.MULTILINE)
    assert "Traceback" not in done.err


def test_no_word_of_a_login_stands_in_the_servers_log_or_in_the_vault(people: People, served: Served) -> None:
    machine = people.signs_up("faye", "faye@example.org")
    machine.ok("sync")
    said = served.said()

    assert "faye@example.org" not in said
    assert PASSWORD not in said
    for folder, _, names in os.walk(machine.home):
        for name in names:
            data = Path(folder, name).read_bytes()
            assert b"refresh" not in data
            assert PASSWORD.encode() not in data
