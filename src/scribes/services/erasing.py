"""Erasing: a person who leaves a server takes everything along that is theirs alone."""

from __future__ import annotations

from ..crypto.log_rules import keyring_of
from ..domain import access
from ..domain.reminders import job_key
from ..errors import Conflict, Damaged
from ..storage import forgetting, hosted, jobs, meta, relay, spaces, vector_pages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Engine, Tx
    from .circles import Circles
    from .context import Context

# Each takes some ten milliseconds, and others wait for their turn to write.
BATCH = 20
MERGES = 50


def check_may_go(circles: Circles) -> None:
    """Refuse to let the owner of a circle go in which others are.

    Raises: Conflict.
    """
    for circle in circles.each():
        if circle.role == access.OWNER and circle.members > 1:
            raise Conflict(f"{circle.name} needs an owner", hint="hand the circle over first")


def leave_all(circles: Circles) -> list[str]:
    """The ids of the circles that were left: all of them.

    Raises: Forbidden, Unavailable, Busy.
    """
    left = [circle.id for circle in circles.each() if circle.role]
    for id in left:
        circles.leave(id)
    return left


def empty(engine: Engine, space: int) -> int:
    """How many notes of a space went, a few in each transaction, so that others get their turn."""
    removed = 0
    while True:
        with engine.write() as tx:
            found = forgetting.notes_after(tx, 0, visible_to=(space,), limit=BATCH)
            forgetting.forget_notes(tx, found)
        removed += len(found)
        if not found:
            return removed


def deserted(tx: Tx, own: int, ids: list[str]) -> list[tuple[int, bytes]]:
    """The personal space, where there is one, and those of some circles in which nobody is any more: keys and ids."""
    found = [(own, spaces.get(tx, own).id)] if own else []
    for id in ids:
        space = spaces.find(tx, bytes.fromhex(id.replace("-", "")))
        if space is not None and not any(keyring_of(space.id, relay.controls(tx, space.id)).members.values()):
            found.append((space.n, space.id))
    return found


def forget_space(tx: Tx, n: int) -> dict[str, int]:
    """How many rows of each table went with a space, its log and its jobs. What came meanwhile goes along.

    Raises: Damaged, and then nothing is gone.
    """
    id = spaces.get(tx, n).id
    while found := forgetting.notes_after(tx, 0, visible_to=(n,), limit=BATCH):
        forgetting.forget_notes(tx, found)
    for reminder in forgetting.reminder_ids(tx, n):
        jobs.remove(tx, job_key(reminder))
    removed = forgetting.forget_space(tx, n, id)
    if forgetting.counts(tx, n, id) or forgetting.is_there(tx, n):
        raise Damaged("something of the space is still there", hint="nothing was removed")
    return removed


def forget_person(tx: Tx, context: Context) -> None:
    """Remove a person, and the keys of the device through which the server wrote for them."""
    meta.remove(tx, context.me.account)
    hosted.forget(tx, context.hosted)


def forget_log(tx: Tx, id: bytes) -> int:
    """How many entries a log had that is gone."""
    return forgetting.forget_log(tx, id)


def forget_old_words(engine: Engine) -> None:
    """The words of earlier texts leave the index of words with those that are gone, in short steps: all of them, where
    the index has no more than some hundred megabytes.
    """
    for step in range(MERGES):
        with engine.write() as tx:
            forgetting.merge_words(tx, is_first=step == 0)


def forget_vectors(engine: Engine) -> None:
    """A vector tells much about its text: those of what is gone are taken out at once."""
    more = True
    while more:
        with engine.write() as tx:
            more = vector_pages.remove_unused(tx)
