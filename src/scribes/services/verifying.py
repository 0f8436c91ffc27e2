"""Verifying what lies at a remote: all of it is read anew, opened and compared with what is here."""

from __future__ import annotations

from ..crypto.control import admitted, control_number
from ..crypto.envelope import CONTROL, FIRST, SNAPSHOT, parse
from ..domain import access, bundles
from ..domain.keyring import Keyring
from ..errors import Damaged, NewerFormat, ScribesError
from ..models.sync import Verified
from ..storage import logs
from ..storage.coding import unpack
from .log_pages import each_page
from .pulling import MAX_PLAIN_BYTES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..crypto.envelope import Entry
    from ..ports import Remote
    from ..storage.spaces import Space
    from .account import Account
    from .context import Context

# So many characters of a text that stand in clear in an entry are no chance.
TELLING_CHARS = 12


class _Check:
    """One reading of a whole log, which keeps what is amiss. Of what was known before it trusts the keys alone."""

    def __init__(self, space: Space, keys: dict[int, bytes]) -> None:
        self._space, self._keys = space, keys
        self._ring = Keyring(space.id)
        self._ends: dict[bytes, tuple[int, bytes]] = {}
        self._folded: dict[bytes, int] = {}
        self.found: set[bytes] = set()
        self.problems: list[str] = []
        self.entries, self.size_bytes, self.text_bytes = 0, 0, 0

    def take(self, entries: list[Entry]) -> None:
        """Look at all entries of the log."""
        controls = [entry for entry in entries if entry.header.type == CONTROL]
        for entry in sorted(controls, key=control_number):
            self._admit(entry)
        for entry in entries:
            self.entries += 1
            self.size_bytes += len(entry.raw)
            if entry.header.type != CONTROL:
                self._open(entry)
        self._chains(entries)

    def _admit(self, entry: Entry) -> None:
        try:
            self._ring = admitted(self._ring, entry)
        except ScribesError as e:
            self.problems.append(e.message)

    def _open(self, entry: Entry) -> None:
        header = entry.header
        device, key = self._ring.devices.get(header.device), self._keys.get(header.epoch)
        if header.space != self._space.id or device is None or not entry.is_by(device.sign):
            self.problems.append(f"entry {header.number} is not by a device of this space")
            return
        if not device.may_have_written(header.number):
            self.problems.append(f"entry {header.number} is by a device that may not write")
            return
        if key is None:
            self.problems.append(f"there is no key for entry {header.number}")
            return
        try:
            text, said = unpack(entry.opened(key), most_bytes=MAX_PLAIN_BYTES)
            bundle = bundles.read(said)
        except (Damaged, NewerFormat) as e:
            self.problems.append(f"entry {header.number}: {e.message}")
            return
        # What opens under a key is ciphertext; look all the same that no text stands in it as it was written.
        if any(word.encode() in entry.raw for word in text.split('"') if len(word) >= TELLING_CHARS):
            self.problems.append(f"entry {header.number} holds words that are not sealed")
        self.text_bytes += sum(
            len(edit[2].encode()) for change in bundle.changes for edit in change.edits if isinstance(edit[2], str)
        )
        self.found |= {change.id for change in bundle.changes}
        if header.flags & SNAPSHOT and access.may(device.role_at(header.number), "compact"):
            self._take_covers(said)

    def _take_covers(self, said: dict[str, Any]) -> None:
        try:
            self._folded |= {one: number for one, (number, _) in bundles.covers_in(said).items()}
        except Damaged as e:
            self.problems.append(e.message)

    def _chains(self, entries: list[Entry]) -> None:
        """Each device's entries follow on each other, but for those that a snapshot stands for."""
        for entry in sorted(entries, key=lambda one: one.header.number):
            header = entry.header
            number, last = self._ends.get(header.device, (0, FIRST))
            follows = header.number == number + 1 and header.previous == last
            if not follows and header.number - 1 > self._folded.get(header.device, 0):
                self.problems.append(f"an entry before {header.number} is missing")
            self._ends[header.device] = (header.number, entry.id)


def verify(context: Context, space: Space, remote: Remote, account: Account) -> Verified:
    """What lies at the remote of a space, against what is here.

    Raises: Unavailable.
    """
    with context.engine.read() as tx:
        keys = logs.keys(tx, space.n)
        here = {change.id for _, change in logs.each_change(tx, space.n, after=0, limit=10_000_000)}
    check = _Check(space, keys)
    entries: list[Entry] = []
    for page in each_page(remote, space.id):
        for raw in page.entries:
            try:
                entries.append(parse(raw))
            except (Damaged, NewerFormat) as e:
                check.problems.append(e.message)
    check.take(entries)
    if account.keys.id not in check._ring.devices:
        check.problems.append("this device is not in the log")
    return Verified(
        name=space.name,
        entries=check.entries,
        size_bytes=check.size_bytes,
        text_bytes=check.text_bytes,
        changes=len(here),
        missing=len(here - check.found),
        problems=tuple(dict.fromkeys(check.problems)),
    )
