"""What is still being sent when its account goes tells nothing of whoever comes next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from scribes.errors import NotFound
from scribes.hosting import Hosted
from scribes.server.tables.accounts import Account

from .town import PASSWORD, Somebody, Town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with Town(tmp_path / "server").opened() as town:
        yield town


def hosted(town: Town, who: Somebody) -> Hosted:
    server = town.app.state.server
    with server.accounts.database.read() as db:
        account = db.exec(select(Account).where(Account.email == who.email)).one()
    found: Hosted = server.host.of(account.hosted_n)
    return found


def test_an_export_ends_with_its_account_and_goes_not_on_with_that_of_another(town: Town) -> None:
    eve = Somebody(town, "Eve", "elderberry")
    eve.made("POST", "/v1/notes", {"title": "Mine"})
    everything = hosted(town, eve).everything
    notes, prayers = everything.each("notes"), everything.each("prayers")
    assert next(notes)["title"] == "Mine"

    eve.made("POST", "/v1/account/deletion", {"password": PASSWORD})
    fay = Somebody(town, "Fay", "fennel")
    fay.made("POST", "/v1/notes", {"title": "A note of Fay's"})
    fay.made("POST", "/v1/prayers", {"title": "A prayer of Fay's"})

    with pytest.raises(NotFound):
        list(prayers)
    with pytest.raises(NotFound):
        list(notes)


def test_an_export_has_nothing_more_of_a_circle_that_was_left_meanwhile(town: Town) -> None:
    cleo = town.anna.friend
    assert cleo is not None
    circle = town.anna.circle()
    comments = hosted(town, cleo).everything.each("comments")
    shared = town.anna.thing("/v1/circles/{circle}/shared/{item}")
    town.anna.made("POST", f"/v1/notes/{shared}/comments", {"text": "Amen"})
    cleo.made("POST", f"/v1/circles/{circle}/leave")

    assert list(comments) == []
