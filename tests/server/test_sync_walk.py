"""Two people, three vaults and a real server: signed up, let in, circles by a link, an end of access, one request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import scribes
from scribes.adapters.remote_http import HttpRemote
from scribes.config import load
from scribes.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    NotSignedIn,
    ScribesError,
    Unavailable,
)
from scribes.services.logins import Logins
from scribes.wiring import open as open_vault
from tests.contract.certificates import Authority
from tests.contract.mail_server import Mailbox, serving
from tests.server.running import Running

PASSWORD = "four words are good"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    made = Running(tmp_path / "server")
    yield made
    made.close()


class Vaults:
    """Vaults by name, each of a device of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.opened: dict[str, scribes.Scribes] = {}

    def open(self, name: str) -> scribes.Scribes:
        if name not in self.opened:
            home = {"HOME": str(self.folder / name), "SCRIBES_KEYSTORE": "file", "SCRIBES_INDEXING": "manual"}
            settings = load({**home, "SCRIBES_DEVICE": name, "SCRIBES_NAME": name, "USER": name})
            self.opened[name] = open_vault(settings=settings)
        return self.opened[name]

    def signs_up(self, name: str) -> scribes.Scribes:
        vault = self.open(name)
        done = vault.servers.log_in(self.url, email=f"{name}@example.org", password=PASSWORD, is_new=True)
        assert done.state == "first"
        vault.sync.run()
        return vault

    def second(self, of: str, name: str) -> scribes.Scribes:
        vault = self.open(name)
        done = vault.servers.log_in(self.url, email=f"{of}@example.org", password=PASSWORD)
        assert done.state == "next"
        code = vault.devices.ask(vault.servers.remote(self.url), kind="server", place=self.url).code
        self.open(of).devices.let_in(code)
        assert vault.devices.is_let_in()
        vault.sync.run()
        return vault


@pytest.fixture
def vaults(tmp_path: Path, running: Running) -> Iterator[Vaults]:
    made = Vaults(tmp_path, running.url)
    yield made
    for vault in made.opened.values():
        vault.close()


def titles(vault: scribes.Scribes) -> list[str]:
    return sorted(note.title for note in vault.notes.recent())


def test_a_second_device_is_let_in_and_both_write_on(vaults: Vaults) -> None:
    first = vaults.signs_up("anna")
    note = first.notes.add("Grace", "Grace upon grace.")
    first.sync.run()
    second = vaults.second("anna", "phone")
    second.notes.append(note.id, "From the phone.")
    second.sync.run()
    first.notes.append(note.id, "From the desk.")
    first.sync.run()
    second.sync.run()

    assert first.notes.get(note.id).body == second.notes.get(note.id).body
    assert "phone" in first.notes.get(note.id).body
    assert [one.mode for one in first.sync.status()] == ["sealed"]
    assert first.sync.status()[0].remote == vaults.url


def test_the_server_holds_no_word_and_no_password(vaults: Vaults, running: Running, tmp_path: Path) -> None:
    first = vaults.signs_up("anna")
    first.notes.add("Zerubbabel", "Shealtiel and Zerubbabel")
    first.sync.run()
    with running.server.host.engine.read() as tx:
        raws = [bytes(row[0]) for row in tx.rows("SELECT raw FROM relay_entry")]
        accounts = " ".join(map(str, tx.rows("SELECT * FROM account")))

    assert raws
    assert not any(b"Zerubbabel" in raw for raw in raws)
    assert PASSWORD not in accounts


def test_a_circle_by_a_link_that_names_the_server_and_its_end(vaults: Vaults, running: Running) -> None:
    anna, ben = vaults.signs_up("anna"), vaults.signs_up("ben")
    anna.circles.create("Bethel")
    link = anna.circles.invite("Bethel").link
    assert re.fullmatch(re.escape(vaults.url) + r"/j/[0-9a-f]{32}/[0-9a-f]{32}#[0-9A-Z]{36}", link)
    ben.circles.join(link)
    anna.sharing.share(anna.notes.add("Psalm 23", "The Lord is my shepherd.").id, "Bethel")
    # What is shared moves: there it has another id.
    shared = next(note for note in anna.notes.recent() if note.title == "Psalm 23")
    anna.sync.run()
    ben.sync.run()
    ben.notes.append(shared.id, "I shall not want.")
    anna.notes.change(shared.id, scribes.NotePatch(speaker="Stott"))
    for vault in (ben, anna, ben):
        vault.sync.run()
    assert anna.notes.get(shared.id).body == ben.notes.get(shared.id).body
    assert ben.notes.get(shared.id).speaker == "Stott"
    # A link that was used up is none any more: who was not in finds no log.
    with pytest.raises(NotFound):
        vaults.signs_up("cleo").circles.join(link)

    anna.circles.remove("Bethel", "ben")
    anna.notes.append(shared.id, "Not for ben.")
    anna.sync.run()
    ben.sync.run()
    assert "Not for ben" not in ben.notes.get(shared.id).body
    assert [one.role for one in ben.circles.each()] == [""]
    assert ben.servers.remote(vaults.url).spaces()[0].kind == "personal"


def test_who_is_not_signed_in_there_is_told_how(vaults: Vaults) -> None:
    anna = vaults.signs_up("anna")
    anna.circles.create("Bethel")
    link = anna.circles.invite("Bethel").link
    with pytest.raises(NotFound) as caught:
        vaults.open("ben").circles.join(link)

    assert f"scribes login {vaults.url} --new" in str(caught.value.hint)
    assert "then join again" in str(caught.value.hint)


def test_a_sync_with_nothing_new_is_one_request_with_three_spaces(vaults: Vaults, running: Running) -> None:
    anna = vaults.signs_up("anna")
    for name in ("Bethel", "Hebron"):
        anna.circles.create(name)
    anna.notes.add("Grace")
    # What it sent itself it meets once more, and is in step then.
    for _ in range(2):
        anna.sync.run()
    running.requests.clear()
    found = anna.sync.run()
    assert running.requests == ["POST /v1/sync/news"]
    assert len(found) == 3

    anna.close()
    del vaults.opened["anna"]
    running.requests.clear()
    vaults.open("anna").sync.run()
    assert running.requests == ["POST /v1/sync/news"]


def test_what_came_meanwhile_is_fetched_though_it_was_asked_ahead(vaults: Vaults, running: Running) -> None:
    anna = vaults.signs_up("anna")
    phone = vaults.second("anna", "phone")
    anna.sync.run()
    phone.notes.add("From the phone")
    phone.sync.run()
    running.requests.clear()
    anna.sync.run()

    assert titles(anna) == ["From the phone"]
    assert running.requests[0] == "POST /v1/sync/news"
    assert len(running.requests) <= 3


def test_a_log_that_the_server_lost_is_put_there_again(vaults: Vaults, running: Running) -> None:
    anna = vaults.signs_up("anna")
    note = anna.notes.add("Grace")
    for word in ("one", "two", "three"):
        anna.notes.append(note.id, word)
        anna.sync.run()
    phone = vaults.second("anna", "phone")
    anna.sync.compact()
    phone.notes.append(note.id, "from the phone")
    phone.sync.run()
    anna.sync.run()
    with running.server.host.engine.write() as tx:
        for table in ("relay_entry", "relay_space", "sync_space", "sync_seat"):
            tx.run(f"DELETE FROM {table}")
    # By the device that did not found it.
    with pytest.raises(Conflict, match="lost the log"):
        phone.sync.run()
    phone.sync.run(may_refill=True)
    for vault in (anna, phone, anna):
        vault.sync.run()

    assert anna.notes.get(note.id).body == phone.notes.get(note.id).body
    assert "from the phone" in anna.notes.get(note.id).body
    tablet = vaults.second("anna", "tablet")
    assert tablet.notes.get(note.id).body == anna.notes.get(note.id).body
    assert len(tablet.history.of(note.id)) == len(anna.history.of(note.id))


def test_a_revoked_device_is_out_at_the_server_too(vaults: Vaults) -> None:
    anna = vaults.signs_up("anna")
    phone = vaults.second("anna", "phone")
    anna.sync.run()
    anna.devices.revoke("phone")
    anna.notes.add("New")
    anna.sync.run()
    phone.sync.run()

    assert titles(phone) == []
    remote = phone.servers.remote(vaults.url)
    assert [one.kind for one in remote.spaces()] == []


# Signing in


def test_a_wrong_password_and_an_unknown_account_are_told_alike(vaults: Vaults) -> None:
    vaults.signs_up("anna")
    said = []
    for email, password in (("anna@example.org", "five words are too many"), ("nobody@example.org", PASSWORD)):
        with pytest.raises(NotSignedIn) as caught:
            vaults.open("ben").servers.log_in(vaults.url, email=email, password=password)
        said.append(caught.value.message)

    assert said[0] == said[1]
    assert vaults.open("ben").servers.each() == []


def test_an_address_that_is_taken_is_not_taken_again(vaults: Vaults) -> None:
    vaults.signs_up("anna")
    with pytest.raises((AlreadyExists, Conflict, Forbidden)):
        vaults.open("ben").servers.log_in(vaults.url, email="anna@example.org", password=PASSWORD, is_new=True)


def test_signed_out_means_signed_out_and_signed_in_again_goes_on(vaults: Vaults) -> None:
    anna = vaults.signs_up("anna")
    anna.notes.add("Grace")
    assert anna.servers.log_out(vaults.url)
    with pytest.raises(NotSignedIn) as caught:
        anna.sync.run()
    assert caught.value.hint == f"scribes login {vaults.url}"
    with pytest.raises(NotFound):
        anna.servers.log_out(vaults.url)

    done = anna.servers.log_in(vaults.url, email=" Anna@Example.org ", password=PASSWORD)
    assert (done.state, done.email) == ("back", "anna@example.org")
    assert [one.unsent for one in (anna.sync.run(), anna.sync.status())[1]] == [0]


def test_another_account_does_not_take_the_place_of_the_one_whose_notes_lie_there(vaults: Vaults) -> None:
    anna = vaults.signs_up("anna")
    vaults.signs_up("ben")
    with pytest.raises(Conflict, match="another account"):
        anna.servers.log_in(vaults.url, email="ben@example.org", password=PASSWORD)
    done = anna.servers.log_in(vaults.url, email="anna@example.org", password=PASSWORD)

    assert done.state == "back"


def test_tokens_are_renewed_and_kept_and_one_that_was_used_is_the_end(vaults: Vaults, running: Running) -> None:
    anna = vaults.signs_up("anna")
    login = Logins(anna._context.engine).at(vaults.url)
    old = login.tokens()
    assert old
    anna.sync.run()
    login.note(expires_us=0)
    running.requests.clear()
    anna.sync.run()
    new = login.tokens()
    assert new
    assert new.refresh != old.refresh
    assert running.requests == ["POST /v1/auth/refresh", "POST /v1/sync/news"]

    # As after a machine died before the answer was written down.
    login.note(access="x", refresh=old.refresh, expires_us=0)
    with pytest.raises(NotSignedIn):
        anna.sync.run()


def test_two_processes_of_a_vault_renew_once(vaults: Vaults, running: Running) -> None:
    anna = vaults.signs_up("anna")
    login = Logins(anna._context.engine).at(vaults.url)
    one, other = HttpRemote(vaults.url, login), HttpRemote(vaults.url, login)
    login.note(expires_us=0)
    old = login.tokens()
    assert old
    one.identify()
    # The other one still holds what it read before.
    assert other._connection._renewed(old).refresh != old.refresh
    other.identify()
    for remote in (one, other):
        remote.close()

    assert running.requests.count("POST /v1/auth/refresh") == 1


def test_tokens_stand_in_no_error_and_no_repr(vaults: Vaults) -> None:
    anna = vaults.signs_up("anna")
    tokens = Logins(anna._context.engine).at(vaults.url).tokens()
    assert tokens
    assert tokens.access not in repr(tokens)
    assert json.dumps([one.url for one in anna.servers.each()])
    running_out = HttpRemote("http://127.0.0.1:9", Logins(anna._context.engine).at(vaults.url), timeout_s=1)
    with pytest.raises(Unavailable) as caught:
        running_out.identify()
    running_out.close()
    error: BaseException | None = caught.value
    while error is not None:
        assert tokens.access not in str(error)
        error = error.__cause__
    assert isinstance(caught.value, ScribesError)
    assert "your notes are safe" in str(caught.value.hint)


def test_a_server_that_confirms_addresses_is_given_the_code_of_its_mail(tmp_path: Path) -> None:
    mailbox = Mailbox()
    with serving(mailbox, "none", Authority(tmp_path), "localhost") as port:
        running = Running(
            tmp_path / "server", confirm_addresses=True, smtp_host="127.0.0.1", smtp_port=port, smtp_security="none",
            smtp_from="scribes@example.org", signup_page="https://app.example.org/confirm",
        )  # fmt: skip
        vaults = Vaults(tmp_path, running.url)
        anna = vaults.open("anna")

        def mailed() -> str:
            running.server.accounts.mailer._thread.submit(lambda: None).result(timeout=20)
            text = "".join(str(mailbox.mails[-1].get_content()).split())
            return text.partition("confirm#")[2].partition("If")[0]

        given = {"email": "anna@example.org", "password": PASSWORD, "is_new": True}
        with pytest.raises(InvalidInput, match="mail"):
            anna.servers.log_in(running.url, **given)
        assert anna.servers.each() == []
        done = anna.servers.log_in(running.url, **given, mailed=mailed)
        anna.notes.add("Grace")
        sent = anna.sync.run()[0].sent
        anna.close()
        running.close()

    assert done.state == "first"
    assert sent == 2
