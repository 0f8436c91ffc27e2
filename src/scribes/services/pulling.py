"""Reading the log of a space: every entry is verified, what it brings is taken in, what is amiss is kept as an alert.

What was signed by somebody who may write is taken whatever the remote did around it: changes name their parents, so
neither order nor repetition matters. What the remote must not do, such as leaving out, going back or mixing, is noticed
by the chains of the devices, and said; it never removes anything here.
"""

from __future__ import annotations

from ..crypto.control import admitted, control_number
from ..crypto.envelope import CONTROL, FIRST, SNAPSHOT, parse
from ..domain import access, bundles
from ..domain.circles import may_bring
from ..domain.keyring import CIRCLE
from ..errors import Conflict, Damaged, Forbidden, InvalidInput, NewerFormat, Outrun, Unavailable
from ..records import record, replaced
from ..storage import changes, logs, notes, spaces
from ..storage.coding import unpack
from . import account as accounts
from . import own_spaces
from .arrivals import Settled, settle
from .claims import seen_by_others
from .log_pages import PAGE_BYTES
from .names import device_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..crypto.envelope import Entry
    from ..domain.changes import Change
    from ..domain.keyring import Device, Keyring
    from ..models.sync import Page
    from ..ports import Remote, Tx
    from ..storage.spaces import Space
    from .account import Account
    from .arrivals import Item
    from .context import Context

MOST_PAGES = 100_000
# So many pages in a row without one entry that is new and authentic: then a remote goes on for ever.
MOST_EMPTY_PAGES = 64
MAX_PLAIN_BYTES = 128 * 1024 * 1024
# A sync that moves more than a tenth of the notes to the trash asks first, where that is at least so many.
FEW_REMOVALS, REMOVED_SHARE = 3, 10
# Alerts that are looked at anew each time, because what was missing may have come.
PASSING = ("missing", "withheld", "sealed", "waiting", "unsent")


@record
class Pulled:
    """What a pull found: the keyring and the keys by epoch, where the log ends, and what came."""

    ring: Keyring
    heads: dict[bytes, tuple[int, bytes]]
    received: int
    settled: Settled


class Pull:
    """One reading of a space's log, from where the last one ended. `may_remove`: the person has agreed to removals."""

    def __init__(
        self,
        context: Context,
        space: Space,
        remote: Remote,
        account: Account,
        *,
        may_remove: bool = False,
        may_refill: bool = False,
    ) -> None:
        self._context, self._space, self._remote, self._account = context, space, remote, account
        self._may_remove, self._may_refill, self._is_forked = may_remove, may_refill, False
        self._engine = context.engine
        self._received, self._settled = 0, Settled()
        self._claims: dict[bytes, dict[bytes, int]] = {}
        self._later: list[Entry] = []
        # Entries whose signatures were verified in this reading, and the ends of the chains as the remote says.
        self._met: set[bytes] = set()
        self._ends: dict[bytes, tuple[int, bytes]] = {}
        with self._engine.read() as tx:
            self._ring = accounts.keyring(tx, space)
            self._keys = logs.keys(tx, space.n)
            self._live = notes.count(tx, visible_to=(space.n,))
        self._touched: set[Item] = set()
        self._whole: dict[Item, list[Change]] = {}

    def run(self, progress: Callable[[int], None] | None = None) -> Pulled:
        """Read to the end; `progress` is told how many changes have come.

        Raises: Unavailable, NotFound; Conflict, where it would remove much, or the log was emptied.
        """
        with self._engine.read() as tx:
            state = logs.state(tx, self._space.n)
            # As they were before asking: another process of this vault may be sending.
            known = logs.heads(tx, self._space.n)
        try:
            page = self._fetch(state.cursor)
        except InvalidInput:
            # It gave this cursor and does not know it any more.
            page = self._fetch("")
        is_other = bool(state.generation) and page.generation != state.generation
        if not is_other and self._is_idle(page):
            return Pulled(self._ring, page.heads, 0, Settled())
        with self._engine.write() as tx:
            logs.forget_alerts(tx, self._space.n, PASSING)
            is_other = self._compare_heads(tx, known, page) or is_other
        if not is_other:
            page = self._read(page, progress)
            waits = any(entry.header.type == CONTROL for entry in self._later)
            is_other = self._is_forked or waits or self._lacks_something(page)
        if is_other:
            # It was put together anew, or set back and filled again, and a place in it means nothing any more: it is
            # read again from the first entry; what is known is passed over.
            with self._engine.read() as tx:
                newest = logs.newest(tx)
            page = self._read(self._fetch(""), progress)
            with self._engine.write() as tx:
                # A chain may go on behind entries that the log lost: they are sent again, as they are or as changes.
                if lost := logs.lose_but(tx, self._space.n, self._met, up_to=newest):
                    self._alert(tx, "rollback", f"{lost} entries among others")
        with self._engine.write() as tx:
            self._conclude(tx, page)
        return Pulled(self._ring, page.heads, self._received, self._settled)

    def _read(self, page: Page, progress: Callable[[int], None] | None) -> Page:
        """Read from a page to the end; the last page.

        Raises: Unavailable, where there is none.
        """
        self._later, empty = [], 0
        self._met.clear()
        for _ in range(MOST_PAGES):
            cursor, met = page.cursor, len(self._met)
            with self._engine.write() as tx:
                self._later = self._take(tx, page.entries, self._later)
                # What waits for another entry is found missing at the ends of the chains, and read again.
                self._keep(tx, generation=page.generation, cursor=cursor)
            if progress:
                progress(self._received)
            if not page.more:
                break
            empty = empty + 1 if len(self._met) == met else 0
            if empty > MOST_EMPTY_PAGES:
                raise Unavailable(
                    f"{self._remote.name} goes on and on and hands out nothing", hint="your notes are safe; sync later"
                )
            page = self._fetch(cursor)
            if page.cursor == cursor and page.more:
                break
        return page

    def _fetch(self, cursor: str) -> Page:
        page = self._remote.fetch(self._space.id, cursor, limit_bytes=PAGE_BYTES)
        # A database keeps 63 bits; what is no end of a chain is none.
        self._ends = {device: end for device, end in page.heads.items() if 0 < end[0] < 1 << 63}
        return replaced(page, heads=self._ends)

    def _is_idle(self, page: Page) -> bool:
        """Whether there is nothing new, and nothing that was amiss when it was last looked at."""
        me = self._account.keys.id
        # Perhaps a process died between reading that somebody is out and saying so.
        is_as_said = me not in self._ring.devices or self._ring.role_of(me) == self._space.role
        if page.entries or page.more or not is_as_said:
            return False
        with self._engine.read() as tx:
            amiss = any(kind in PASSING for kind, _, _ in logs.alerts(tx, self._space.n))
            return not amiss and logs.heads(tx, self._space.n) == page.heads

    def _lacks_something(self, page: Page) -> bool:
        """Whether the log has entries that were not handed out."""
        with self._engine.read() as tx:
            heads = logs.heads(tx, self._space.n)
            return bool(logs.holes(tx, self._space.n)) or any(
                number > heads.get(device, (0, b""))[0]
                for device, (number, _) in page.heads.items()
                # What a device wrote that nobody let in is nothing that is missing.
                if device in self._ring.devices
            )

    def _compare_heads(self, tx: Tx, known: dict[bytes, tuple[int, bytes]], page: Page) -> bool:
        """Notice a log that ends earlier than it did, or otherwise; whether it does."""
        is_other = False
        if known and not page.heads and not self._may_refill:
            raise Conflict(
                f"{self._remote.name} has lost the log of {self._called()}",
                hint="nothing was removed here; scribes sync --refill puts it there again from this device",
            )
        for device, (number, _) in known.items():
            end, hash = page.heads.get(device, (0, FIRST))
            if end < number and (lost := logs.lose(tx, self._space.n, device, after=end)):
                is_other = True
                self._alert(tx, "rollback", f"{lost} entries of {self._device(tx, device)}, from {end + 1} on")
            there = logs.find(tx, self._space.n, device, end)
            if there is not None and there.hash != hash:
                is_other = True
                self._forked(tx, device, there)
        return is_other

    def _take(self, tx: Tx, raws: Sequence[bytes], waiting: list[Entry]) -> list[Entry]:
        """Take entries in; those that wait for another one are left over."""
        self._touched, self._whole = set(), {}
        # Somebody else may be reading the same log here: a process, or on a server another person.
        self._ring, self._keys = accounts.renewed(tx, self._space, self._ring, self._keys)
        entries = [entry for raw in raws if (entry := self._parsed(tx, raw)) is not None]
        entries = [*waiting, *entries]
        controls = sorted((entry for entry in entries if entry.header.type == CONTROL), key=control_number)
        rest = [entry for entry in entries if entry.header.type != CONTROL]
        left = [entry for entry in controls if not self._control(tx, entry)]
        left += [entry for entry in rest if not self._bundle(tx, entry)]
        settled = settle(tx, self._context, self._touched, space=self._space.n, whole=self._whole)
        if settled.unread:
            self._alert(tx, "malformed", f"{settled.unread} items say what they cannot be")
        self._settled = self._settled.and_(settled)
        self._guard()
        return left

    def _guard(self) -> None:
        """Stop before much goes to the trash: nothing of this page is kept then."""
        removed = self._settled.removed
        if not self._may_remove and removed >= FEW_REMOVALS and removed * REMOVED_SHARE > self._live:
            raise Conflict(
                f"this sync would move {removed} or more of {self._live} notes of {self._called()} to the trash",
                hint="nothing of that was taken; scribes sync --yes takes it, and scribes restore brings notes back",
            )

    def _parsed(self, tx: Tx, raw: bytes) -> Entry | None:
        try:
            entry = parse(raw)
        except (Damaged, NewerFormat) as e:
            self._alert(tx, "malformed", e.message)
            return None
        if entry.header.space != self._space.id:
            self._alert(tx, "foreign", "an entry of another space lies among these")
            return None
        return entry

    # Who belongs to the space

    def _control(self, tx: Tx, entry: Entry) -> bool:
        """Take a control entry in; False where one before it has not come yet."""
        if self._is_known(tx, entry):
            return True
        number = control_number(entry)
        if number < 1:
            self._alert(tx, "malformed", "a control entry is malformed")
            return True
        if number > self._ring.number + 1:
            return False
        if number <= self._ring.number:
            # Another one of this number was admitted: first come stays, or a removed admin could rewrite who is in.
            if entry.raw != logs.controls(tx, self._space.n)[number - 1]:
                self._alert(tx, "members", f"change {number} by {self._device(tx, entry.header.device)}")
                return True
        else:
            try:
                self._ring = admitted(self._ring, entry)
            except Outrun:
                # It stands on another version of the one before it.
                self._alert(tx, "members", f"change {number} by {self._device(tx, entry.header.device)}")
                return True
            except (Forbidden, Damaged) as e:
                self._alert(tx, "forged", e.message)
                return True
            self._met.add(entry.id)
            logs.put_control(tx, self._space.n, number, entry.raw)
            self._take_keys(tx, entry)
        self._check_chain(tx, entry)
        logs.add(tx, self._space.n, entry, state=logs.IN)
        return True

    def _take_keys(self, tx: Tx, entry: Entry) -> None:
        try:
            accounts.take_keys(tx, self._space.n, self._ring, entry, self._account.keys)
        except Damaged as e:
            # Who made the key made it badly, by mistake or on purpose: what is sealed under it waits for another one.
            self._alert(tx, "forged", e.message)
        self._keys = logs.keys(tx, self._space.n)

    # What they wrote

    def _bundle(self, tx: Tx, entry: Entry) -> bool:
        """Take a bundle in; False where its device or its key has not come yet."""
        header = entry.header
        device = self._ring.devices.get(header.device)
        if self._is_known(tx, entry):
            return True
        if device is None:
            return False
        if entry.id not in self._met and not entry.is_by(device.sign):
            self._alert(tx, "forged", f"entry {header.number} does not come from {self._device(tx, device.id)}")
            return True
        self._met.add(entry.id)
        if header.epoch not in self._keys:
            return False
        if self._is_refused(tx, entry, device):
            return True
        self._check_chain(tx, entry)
        try:
            said = unpack(entry.opened(self._keys[header.epoch]), most_bytes=MAX_PLAIN_BYTES)[1]
            bundle = bundles.read(said)
        except NewerFormat:
            # It waits for a newer Scribes on this device.
            return False
        except Damaged as e:
            logs.add(tx, self._space.n, entry, state=logs.REFUSED)
            self._alert(tx, "malformed", f"entry {header.number} of {self._device(tx, device.id)}: {e.message}")
            return True
        n = logs.add(tx, self._space.n, entry, state=logs.IN)
        role = device.role_at(header.number)
        is_snapshot = bool(header.flags & SNAPSHOT) and access.may(role, "compact")
        self._take_changes(tx, bundle, n, device, role, is_snapshot=is_snapshot)
        claims = self._claims.setdefault(header.device, {})
        for one, number in bundle.seen.items():
            claims[one] = max(number, claims.get(one, 0))
        if is_snapshot:
            self._fold(tx, said)
        return True

    def _is_refused(self, tx: Tx, entry: Entry, device: Device) -> bool:
        """Whether a device may not have written an entry, or not (any more) in this version."""
        number = entry.header.number
        if not device.may_have_written(number):
            logs.add(tx, self._space.n, entry, state=logs.REFUSED)
            self._alert(tx, "removed", f"entry {number} of {self._device(tx, device.id)}")
            return True
        known = logs.find(tx, self._space.n, device.id, number)
        # Whose writing has ended does not write it anew.
        return known is not None and known.state != logs.FOLDED and not device.writes_at(number)

    def _take_changes(
        self, tx: Tx, bundle: bundles.Bundle, entry: int, device: Device, role: str, *, is_snapshot: bool
    ) -> None:
        known = changes.known(tx, [change.id for change in bundle.changes])
        logs.mark_sent(tx, [id for id, seq in known.items() if seq is None or is_snapshot], entry)
        fresh = [change for change in bundle.changes if change.id not in known]
        items = list({change.item: None for change in fresh})
        homes, purged = changes.spaces_of(tx, items), changes.purged(tx, items)
        writers: dict[bytes, int] = {}
        for change in fresh:
            if change.item in purged:
                continue
            item = (change.item, change.kind)
            home = homes.get(item)
            if (home is not None and home != self._space.n) or not may_bring(change, self._ring, device.member, role):
                self._alert(tx, "foreign", f"a {change.kind} by {self._device(tx, device.id)} has no place here")
                continue
            if change.device not in writers:
                writers[change.device] = self._writer(tx, change.device, bundle, device)
            changes.append(tx, change, space=self._space.n, device=writers[change.device], operation=None, seq=entry)
            if home is None or item in self._whole:
                self._whole.setdefault(item, []).append(change)
                homes[item] = self._space.n
            self._touched.add(item)
            self._received += 1

    def _writer(self, tx: Tx, writer: bytes, bundle: bundles.Bundle, device: Device) -> int:
        known = self._ring.devices.get(writer)
        member = known.member if known else bundle.members.get(writer, device.member)
        return spaces.device_key(tx, writer, member=member, is_certain=known is not None)

    def _fold(self, tx: Tx, said: dict[str, Any]) -> None:
        """A snapshot stands for what came before it."""
        try:
            covers = bundles.covers_in(said)
        except Damaged as e:
            self._alert(tx, "malformed", e.message)
            return
        for device, (number, hash) in covers.items():
            if not 0 < number <= self._ends.get(device, (0, FIRST))[0]:
                self._alert(tx, "malformed", f"a snapshot stands for what {self._device(tx, device)} did not write")
                continue
            there = logs.find(tx, self._space.n, device, number)
            if there is not None and there.hash != hash:
                self._alert(tx, "fork", f"entry {number} of {self._device(tx, device)}")
            logs.fold(tx, self._space.n, device, up_to=number, hash=hash)

    # What the remote must not do

    def _is_known(self, tx: Tx, entry: Entry) -> bool:
        header = entry.header
        known = logs.find(tx, self._space.n, header.device, header.number)
        if known is None:
            return False
        if known.hash == entry.id:
            self._met.add(entry.id)
            if known.state == logs.GONE:
                logs.set_state(tx, known.n, logs.IN)
            return True
        if known.state != logs.FOLDED:
            device = self._ring.devices.get(header.device)
            if device is not None and entry.is_by(device.sign):
                self._forked(tx, header.device, known)
        return False

    def _forked(self, tx: Tx, device: bytes, known: logs.Known) -> None:
        self._alert(tx, "fork", f"entry {known.number} of {self._device(tx, device)}")
        if known.type == CONTROL:
            # It said who belongs to the space: what the log has in its place knows nothing of that.
            self._alert(tx, "members", f"entry {known.number} of {self._device(tx, device)}, which the log has not")

    def _check_chain(self, tx: Tx, entry: Entry) -> None:
        header = entry.header
        before = logs.find(tx, self._space.n, header.device, header.number - 1)
        follows = header.previous == (before.hash if before else FIRST if header.number == 1 else header.previous)
        if not follows:
            self._is_forked = True
            self._alert(tx, "fork", f"entry {header.number - 1} of {self._device(tx, header.device)}")

    def _conclude(self, tx: Tx, page: Page) -> None:
        """At the end: what still waits, holes in the chains, what others have seen and this device was not given."""
        later = self._take(tx, (), self._later) if self._later else []
        self._set_role(tx)
        if not self._is_in():
            if self._account.keys.id not in self._ring.devices:
                # A log that was set back may have lost that they ever came in.
                knows_me = self._ring.kind != CIRCLE or self._ring.devices_of(self._account.member or b"")
                ask = "scribes sync on another device of yours" if knows_me else "ask for a new invitation"
                self._alert(tx, "waiting", ask)
            return
        for entry in later:
            what = "sealed" if entry.header.device in self._ring.devices and entry.header.type != CONTROL else "missing"
            self._alert(tx, what, f"entry {entry.header.number} of {self._device(tx, entry.header.device)}")
        heads = {device: number for device, (number, _) in logs.heads(tx, self._space.n).items()}
        for device, number in logs.holes(tx, self._space.n):
            self._alert(tx, "missing", f"entry {number} of {self._device(tx, device)}")
        for device, (number, _) in page.heads.items():
            if number > heads.get(device, 0) and not later:
                self._alert(tx, "missing", f"entry {number} of {self._device(tx, device)}")
        for device, number in seen_by_others(tx, self._space.n, self._ring, self._claims).items():
            if device in self._ring.devices and number > heads.get(device, 0):
                self._alert(tx, "withheld", f"entry {number} of {self._device(tx, device)}, which others have seen")

    def _is_in(self) -> bool:
        return self._ring.role_of(self._account.keys.id) != access.FORMER

    def _set_role(self, tx: Tx) -> None:
        if self._account.keys.id not in self._ring.devices:
            # Not let in yet: by another device of the person, when that synchronises.
            return
        before, self._space = self._space, own_spaces.settle(tx, self._context, self._space, self._ring, self._account)
        if self._space.role != before.role and not self._is_in():
            self._alert(tx, "out", "this device is no longer let in")

    def _keep(self, tx: Tx, *, generation: str, cursor: str) -> None:
        logs.put_state(tx, self._space.n, replaced(logs.state(tx, self._space.n), generation=generation, cursor=cursor))

    def _alert(self, tx: Tx, kind: str, about: str) -> None:
        logs.alert(tx, self._space.n, kind, about)

    def _device(self, tx: Tx, device: bytes) -> str:
        return device_name(tx, self._space, self._ring, device)

    def _called(self) -> str:
        return self._space.name or "a circle"
