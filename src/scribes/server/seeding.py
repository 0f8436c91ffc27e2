"""An account with something in it, to try a server out: made by the same calls as anybody's."""

from __future__ import annotations

import secrets

from ..models.notes import NewNote
from ..models.prayers import NewPrayer
from ..models.reminders import NewReminder
from .settings import ServerSettings
from .state import open_server

EMAIL = "demo@example.org"
NOTES = (
    NewNote(
        title="Grace upon grace",
        body="John 1:16. From his fullness we have all received.\n\nCompare Romans 5:20 and Ephesians 2:8-9. #grace",
        speaker="Ruth Meier",
        venue="St Mark's",
        series="The Gospel of John",
        topics=("advent",),
    ),
    NewNote(
        title="What the shepherd does",
        body="Psalm 23. He makes, he leads, he restores: the verbs are his.\n\nSee [[Grace upon grace]]. #psalms",
        tags=("comfort",),
    ),
    NewNote(
        title="Study: the call of Abram",
        body="Gen 12:1-9; Heb 11:8\n\n- Go: from, to, without a map\n- Blessed to bless\n- An altar at each stop",
        tags=("faith",),
    ),
)
PRAYERS = (
    NewPrayer(title="For @Anna, before her examination", rhythm="every day"),
    NewPrayer(title="For rain in the north", rhythm="every sunday"),
)
REMINDER = NewReminder(text="Read John 1 before the group meets", when="every thursday 18:30")


def seed(settings: ServerSettings) -> tuple[str, str]:
    """The address and the password of a new account with notes, prayers and a reminder.

    Raises: AlreadyExists; InvalidInput, Damaged, NewerFormat, Unavailable.
    """
    server = open_server(settings)
    try:
        password = secrets.token_urlsafe(12)
        account = server.accounts.people.add(EMAIL, password, name="Demo")
        me = server.host.of(account.hosted_n or 0)
        for note in NOTES:
            me.notes.add_new(note)
        for prayer in PRAYERS:
            me.prayers.add(prayer)
        me.reminders.add(REMINDER)
        return EMAIL, password
    finally:
        server.close()
