"""A world of people, devices and a remote, in which anything may go wrong but a signature; and what must hold then.

Everything is real: encrypted vaults, sealed logs, a relay in a vault of its own. What is made up are the faults:
answers that get lost, entries that come twice or in another order, processes that die between any two steps, clocks
that are a year off, devices and remotes that are set back to an old copy of themselves.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import scribes
from scribes.adapters.engine_sqlite import SqliteEngine
from scribes.adapters.remote_scribes import ScribesRemote
from scribes.config import Settings, load
from scribes.crypto.envelope import BUNDLE, parse
from scribes.crypto.keys import subkey
from scribes.domain.changes import split_ids
from scribes.domain.keyring import Keyring
from scribes.errors import Conflict, ScribesError, Unavailable
from scribes.library import Scribes
from scribes.models.sync import Page
from scribes.ports import Remote, Tx
from scribes.services import account as accounts
from scribes.services.context import Context, HeldKey
from scribes.services.vault import FILE_KEY
from scribes.storage import changes as change_rows
from scribes.storage import clashes, logs, meta, notes, spaces

YEAR_US = 365 * 86_400_000_000
PEOPLE = {"anna": ("anna-1", "anna-2"), "ben": ("ben-1",), "cleo": ("cleo-1", "cleo-2")}
CIRCLES = ("Bethel", "Hebron")
FAST = Path("/dev/shm") if os.path.isdir("/dev/shm") else Path(tempfile.gettempdir())
WORD = re.compile(r"\bw[0-9a-f]{5}q\b")


class Crash(BaseException):
    """The process died here."""


@dataclass
class Faults:
    """Which faults may happen to one device right now, and how likely."""

    source: random.Random
    lost: float = 0.0
    crash: float = 0.0
    mess: float = 0.0

    def step(self) -> None:
        """Between two steps a process may die."""
        if self.crash and self.source.random() < self.crash:
            raise Crash

    def wire(self) -> None:
        """An answer, or a question, may get lost."""
        if self.lost and self.source.random() < self.lost:
            raise Unavailable("the line is down")


class FaultyRemote:
    """A remote behind a bad line: what gets lost before or after its effect, what comes twice or in another order."""

    def __init__(self, good: ScribesRemote, faults: Faults) -> None:
        self.good, self.faults, self.name = good, faults, good.name
        self.old_entries: list[bytes] = []

    def identify(self) -> bytes:
        return self.good.identify()

    def fetch(self, space: bytes, after: str, *, limit_bytes: int) -> Page:
        self.faults.step()
        self.faults.wire()
        source = self.faults.source
        small = limit_bytes if not self.faults.mess else source.choice((1, 700, 3000, limit_bytes))
        page = self.good.fetch(space, after, limit_bytes=small)
        self.faults.wire()
        self.faults.step()
        if self.faults.mess and source.random() < self.faults.mess:
            entries = [*page.entries, *source.sample(self.old_entries, min(3, len(self.old_entries)))]
            source.shuffle(entries)
            entries = [entry for entry in entries if parse(entry).header.space == space]
            page = Page(tuple(entries), page.cursor, page.more, page.generation, page.heads)
        self.old_entries = [*self.old_entries, *page.entries][-20:]
        return page

    def append(self, space: bytes, entries: Sequence[bytes], *, again: bool = False) -> None:
        self.faults.step()
        self.faults.wire()
        self.good.append(space, entries, again=again)
        # Acknowledged, but the answer is lost, or the process dies before it heard it.
        self.faults.wire()
        self.faults.step()

    def fold(self, space: bytes, covers: dict[bytes, int]) -> None:
        self.faults.step()
        self.good.fold(space, covers)
        self.faults.step()

    def bridge(self, space: bytes, ends: dict[bytes, tuple[int, bytes]]) -> None:
        self.faults.step()
        self.good.bridge(space, ends)
        self.faults.step()

    def send(self, slot: bytes, message: bytes) -> None:
        self.good.send(slot, message)

    def receive(self, slot: bytes) -> bytes | None:
        return self.good.receive(slot)

    def discard(self, slot: bytes) -> None:
        self.good.discard(slot)


class Machine:
    """A device: its vault file, its clock, what may happen to it."""

    def __init__(self, world: World, name: str, folder: Path, data_key: bytes) -> None:
        self.world, self.name, self.folder, self.data_key = world, name, folder, data_key
        self.path = str(folder / f"{name}.scribes")
        self.skew_us = 0
        self.faults = Faults(world.source)
        self.lost = False
        """Whether nobody has it any more, or it was shut out: then nothing is expected of it."""
        self.vault = self._open()

    def _open(self) -> Scribes:
        engine = SqliteEngine(self.path, subkey(self.data_key, FILE_KEY), clock=self._now)
        write = engine.write

        @contextmanager
        def watched() -> Iterator[object]:
            self.faults.step()
            with write() as tx:
                yield tx
            self.faults.step()

        engine.write = watched  # type: ignore[method-assign, assignment]
        with engine.read() as tx:
            me, seen = meta.identity(tx), spaces.keys(tx)
        context = Context(engine, HeldKey(self.data_key), me, seen, "history")
        vault = Scribes(context, self.world.settings[self.name], founded=False)
        vault.attach(FaultyRemote(self.world.remote, self.faults))  # type: ignore[arg-type]
        return vault

    def _now(self) -> int:
        return self.world.now_us + self.skew_us

    def reopen(self) -> None:
        self.vault.close()
        self.vault = self._open()

    def back_up(self, name: str) -> None:
        self.vault.close()
        shutil.copyfile(self.path, self.folder / f"{self.name}.{name}")
        self.vault = self._open()

    def set_back(self, name: str) -> None:
        copy = self.folder / f"{self.name}.{name}"
        if copy.exists():
            self.vault.close()
            shutil.copyfile(copy, self.path)
            for suffix in ("-wal", "-shm"):
                Path(self.path + suffix).unlink(missing_ok=True)
            self.vault = self._open()

    def run(self, action: Callable[[Scribes], object]) -> object:
        """Do something; a process that dies is started anew, and errors are answers like any other."""
        try:
            return action(self.vault)
        except Crash:
            quiet, self.faults.crash = self.faults.crash, 0.0
            self.reopen()
            self.faults.crash = quiet
        except ScribesError as e:
            if e.code in ("failure", "damaged"):
                raise
        finally:
            self.vault._look_at_spaces()
        return None

    def own_rows(self) -> list[notes.Stored]:
        """The notes this device may still write to, in the trash or not."""
        with self.vault._context.engine.read() as tx:
            inside = {space.n for space in spaces.each(tx) if space.role in ("owner", "admin", "member")}
            rows = notes.of_everybody(tx, 0, limit=10_000)
        return [row for row in rows if row.space in inside]


@dataclass
class Said:
    """What each change did, written down when it was made: words and tags that came, and that went."""

    came: dict[bytes, set[str]] = field(default_factory=dict)
    went: dict[bytes, set[str]] = field(default_factory=dict)
    deletes: set[bytes] = field(default_factory=set)
    undeletes: set[bytes] = field(default_factory=set)


class World:
    """People, their devices, two circles and a relay; made once by `template`, copied for each history."""

    def __init__(self, source: random.Random, template: Template) -> None:
        self.source = source
        self.folder = Path(tempfile.mkdtemp(prefix="history-", dir=FAST))
        self.settings = template.settings
        self.now_us = template.now_us
        for file in template.folder.iterdir():
            if file.name.endswith((".scribes", ".keys.json")):
                shutil.copyfile(file, self.folder / file.name)
        self.relay_path, self.relay_key = str(self.folder / "relay.scribes"), template.keys["relay"]
        self._open_relay()
        self.machines = {
            name: Machine(self, name, self.folder, template.keys[name]) for name in template.keys if name != "relay"
        }
        self.said = Said()
        self.words = 0
        self.setbacks = False

    def close(self) -> None:
        for machine in self.machines.values():
            machine.vault.close()
        self.relay.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _open_relay(self) -> None:
        self.relay = SqliteEngine(self.relay_path, subkey(self.relay_key, FILE_KEY))
        self.remote = ScribesRemote(self.relay)

    def back_up_relay(self) -> None:
        self.relay.close()
        shutil.copyfile(self.relay_path, self.relay_path + ".old")
        self._reconnect()

    def set_back_relay(self) -> None:
        if os.path.exists(self.relay_path + ".old"):
            self.relay.close()
            shutil.copyfile(self.relay_path + ".old", self.relay_path)
            self._reconnect()
            self.setbacks = True

    def _reconnect(self) -> None:
        self._open_relay()
        for machine in self.machines.values():
            machine.vault.attach(FaultyRemote(self.remote, machine.faults))  # type: ignore[arg-type]

    def new_word(self) -> str:
        self.words += 1
        return f"w{self.words:05x}q"

    def tick(self) -> None:
        self.now_us += self.source.randrange(1, 5_000_000)

    def write(self, machine: Machine, action: Callable[[Scribes], object]) -> None:
        """Something that changes notes, with a record of which words and tags its changes brought and dropped."""
        before, known = _contents(machine), _changes(machine)
        machine.run(action)
        after = _contents(machine)
        for item, new in _changes(machine).items():
            fresh = new - known.get(item, set())
            for id in fresh:
                old, now = before.get(item, (Counter(), False)), after.get(item, (Counter(), False))
                self.said.came[id] = {word for word in now[0] if word not in old[0]}
                # Of a word that stands twice since a clash, taking one away is taking it away: two who take another one
                # each have taken both.
                self.said.went[id] = {word for word, number in old[0].items() if now[0][word] < number}
                if now[1] and not old[1]:
                    self.said.deletes.add(id)
                if old[1] and not now[1]:
                    self.said.undeletes.add(id)


def _contents(machine: Machine) -> dict[bytes, tuple[Counter[str], bool]]:
    """The words and tags of each note as its person sees it, how often, and whether it is in the trash."""
    with machine.vault._context.engine.read() as tx:
        rows = notes.of_everybody(tx, 0, limit=10_000)
    return {
        row.id: (
            Counter(_listed(row)),
            row.content.deleted_us is not None,
        )
        for row in rows
    }


def _changes(machine: Machine) -> dict[bytes, set[bytes]]:
    with machine.vault._context.engine.read() as tx:
        found: dict[bytes, set[bytes]] = {}
        for item, id in tx.rows("SELECT item_id, id FROM change WHERE kind = 'note'"):
            found.setdefault(item, set()).add(id)
    return found


@dataclass
class Template:
    """The world as every history begins: accounts, paired devices, two circles with members."""

    folder: Path
    keys: dict[str, bytes]
    settings: dict[str, Settings]
    now_us: int


def make_template() -> Template:
    """People who have set up sync, let their second devices in, and founded and joined two circles."""
    folder = Path(tempfile.mkdtemp(prefix="template-", dir=FAST))
    names = ["relay", *(name for devices in PEOPLE.values() for name in devices)]
    vaults: dict[str, Scribes] = {}
    settings: dict[str, Settings] = {}
    for name in names:
        home = {"HOME": str(folder / name), "SCRIBES_KEYSTORE": "file", "SCRIBES_DEVICE": name}
        settings[name] = load({**home, "SCRIBES_NAME": name.partition("-")[0]})
        vaults[name] = scribes.open(folder / f"{name}.scribes", settings=settings[name])
    remote = vaults["relay"].as_remote()
    for name, vault in vaults.items():
        if name != "relay":
            vault.attach(remote)
    _let_in(vaults, remote)
    _found_circles(vaults)
    keys = {name: vault._context.key.value for name, vault in vaults.items()}
    now_us = 0
    for vault in vaults.values():
        with vault._context.engine.read() as tx:
            now_us = max(now_us, tx.now_us)
        vault.close()
    return Template(folder, keys, settings, now_us)


def _let_in(vaults: dict[str, Scribes], remote: Remote) -> None:
    for devices in PEOPLE.values():
        first = vaults[devices[0]]
        first.sync.set_up(remote, kind="scribes", place=remote.name)
        first.sync.run()
        for other in devices[1:]:
            pairing = vaults[other].devices.ask(remote, kind="scribes", place=remote.name)
            first.devices.let_in(pairing.code)
            assert vaults[other].devices.is_let_in()
            vaults[other].sync.run()


def _found_circles(vaults: dict[str, Scribes]) -> None:
    owners = {"Bethel": ("anna-1", ("ben-1", "cleo-1")), "Hebron": ("ben-1", ("anna-1",))}
    for circle, (owner, others) in owners.items():
        vaults[owner].circles.create(circle)
        for other in others:
            vaults[other].circles.join(vaults[owner].circles.invite(circle).link)
    # Notes that all know, with words of no change that is looked at.
    for name in ("anna-1", "cleo-1"):
        for number in range(3):
            vaults[name].notes.add(
                f"note {number}", "In the beginning\n\nwas the word.\n\n- and the word\n- was with", tags=["grace"]
            )
    vaults["anna-1"].sharing.share(vaults["anna-1"].notes.recent()[0].id, "Bethel")
    vaults["anna-1"].sharing.share(vaults["anna-1"].notes.recent()[-1].id, "Hebron")
    for _ in range(2):
        for name, vault in vaults.items():
            if name != "relay":
                vault.sync.run()


# What must hold in the end


def settle(world: World) -> None:
    """Faults stop, clocks go on as they are, and everybody synchronises until nothing comes any more."""
    for machine in world.machines.values():
        machine.faults = Faults(world.source)
        machine.reopen()
        machine.vault.attach(FaultyRemote(world.remote, machine.faults))  # type: ignore[arg-type]
    for _ in range(12):
        moved = 0
        for machine in world.machines.values():
            if machine.lost:
                continue
            world.tick()
            try:
                synced = machine.vault.sync.run(may_remove=True, may_refill=True)
            except Conflict as e:
                # A log that was set back lost a change of members, and another one took its place: a person decides.
                if "in two ways" not in e.message or not world.setbacks:
                    raise
                machine.vault.sync.take_members()
                moved += 1
                continue
            moved += sum(one.sent + one.received for one in synced)
            machine.vault._look_at_spaces()
        if not moved:
            return
    raise AssertionError("they never come to rest")


def committed(world: World) -> dict[str, dict[bytes, set[bytes]]]:
    """The changes that each device has on disk, by space."""
    return {machine.name: _by_space(machine) for machine in world.machines.values()}


def _by_space(machine: Machine) -> dict[bytes, set[bytes]]:
    """The changes of each space this device is in and may write to, as it knows."""
    with machine.vault._context.engine.read() as tx:
        rows = tx.rows(
            "SELECT space.id, change.id FROM change JOIN space ON space.n = space_id WHERE space.role != ''"
            " AND space.remote_n IS NOT NULL"
        )
    found: dict[bytes, set[bytes]] = {}
    for space, id in rows:
        found.setdefault(space, set()).add(id)
    return found


def check(world: World, before: dict[str, dict[bytes, set[bytes]]]) -> None:
    """The invariants I1 to I8 of the design, after `settle`."""
    inside = _inside(world)
    for space, machines in inside.items():
        sets = {machine.name: _by_space(machine).get(space, set()) for machine in machines}
        first, *rest = machines
        for other in rest:
            assert sets[first.name] == sets[other.name], f"I1: other changes on {first.name} and {other.name}"
            assert _states(first, space) == _states(other, space), f"I1: other states on {first.name} and {other.name}"
        # What somebody wrote who is out since, or may only read, may have come too late.
        there = set().union(*(before[machine.name].get(space, set()) for machine in machines))
        missing = there - sets[first.name]
        assert not missing, f"I2: {len(missing)} committed changes are gone"
        _check_items(world, first, space)
        for machine in machines:
            _check_rows(machine)
    _check_remote(world)
    _check_keys(world)


def _inside(world: World) -> dict[bytes, list[Machine]]:
    found: dict[bytes, list[Machine]] = {}
    for machine in world.machines.values():
        if machine.lost:
            continue
        with machine.vault._context.engine.read() as tx:
            for space in spaces.each(tx):
                # A reader keeps what they wrote while they still might: nobody else can have it.
                if logs.count_unsent(tx, space.n) or (world.setbacks and not _is_known(tx, space)):
                    continue
                if space.role and space.remote_n is not None:
                    found.setdefault(space.id, []).append(machine)
    return found


def _states(machine: Machine, space: bytes) -> dict[bytes, object]:
    with machine.vault._context.engine.read() as tx:
        found = spaces.find(tx, space)
        assert found is not None
        rows = [row for row in notes.of_everybody(tx, 0, limit=10_000) if row.space == found.n]
        waiting = clashes.waiting(tx, visible_to=(found.n,))
    clashing: dict[bytes, list[object]] = {}
    for one in waiting:
        clashing.setdefault(one.item, []).append(one.clash)
    return {
        row.id: (row.heads, row.created_us, row.changed_us, row.content, tuple(clashing.get(row.id, ())))
        for row in rows
    }


def _check_items(world: World, machine: Machine, space: bytes) -> None:
    with machine.vault._context.engine.read() as tx:
        found = spaces.find(tx, space)
        assert found is not None
        rows = [row for row in notes.of_everybody(tx, 0, limit=10_000) if row.space == found.n]
        for row in rows:
            history = change_rows.of_item(tx, row.id, "note")
            parents = {change.id: change.parents for change in history}
            ancestors = _ancestors(parents)
            known = [id for id in parents if id in world.said.came]
            _check_words(world, row, known, ancestors)
            _check_trash(world, row, known, ancestors)
            _check_dead(world, row, known, ancestors)
            _check_doubles(row, [one.clash for one in clashes.waiting(tx, visible_to=(found.n,), item=row.id)], history)


def _check_words(world: World, row: notes.Stored, known: list[bytes], ancestors: dict[bytes, set[bytes]]) -> None:
    """I3: what a change brought is there, unless one that had seen it dropped it."""
    here = _words_of(row)
    for id in known:
        # A word that comes back (by undo, or restoring) is the word that it was.
        for word in world.said.came[id] - _earlier(world, id, ancestors):
            dropped = any(word in world.said.went[other] and (id in ancestors[other] or other == id) for other in known)
            assert dropped or word in here, f"I3: {word} is gone, and nobody dropped it"


def _earlier(world: World, id: bytes, ancestors: dict[bytes, set[bytes]]) -> set[str]:
    """Words and tags that were there before a change: of notes of the template, its one tag."""
    return {"#grace"}.union(*(world.said.came.get(one, set()) for one in ancestors[id]))


def _words_of(row: notes.Stored) -> set[str]:
    """The words and tags of a note."""
    return set(_listed(row))


def _listed(row: notes.Stored) -> list[str]:
    return [*WORD.findall(f"{row.content.title} {row.content.body}"), *(f"#{tag}" for tag in row.content.tags)]


def _check_trash(world: World, row: notes.Stored, known: list[bytes], ancestors: dict[bytes, set[bytes]]) -> None:
    """I5: nothing is in the trash that whoever put it there had not seen."""
    if row.content.deleted_us is None:
        return
    seen = {id for delete in world.said.deletes for id in ancestors.get(delete, set()) | {delete}}
    here = _words_of(row)
    for id in known:
        # What was taken back since hides nothing, and what came back by undo was not new.
        new = (world.said.came[id] & here) - _earlier(world, id, ancestors)
        if new:
            assert id in seen, "I5: a delete hides what its author had not seen"


def _check_dead(world: World, row: notes.Stored, known: list[bytes], ancestors: dict[bytes, set[bytes]]) -> None:
    """What was removed by one who had seen all of it stays removed: tags, and notes in the trash."""
    said = world.said
    for tag in {one for one in _words_of(row) if one.startswith("#")}:
        comings = [id for id in known if tag in said.came[id]]
        goings = [id for id in known if tag in said.went[id]]
        if comings and tag != "#grace":
            assert any(not any(id in ancestors[gone] for gone in goings) for id in comings), f"{tag} is back"
    if row.content.deleted_us is not None or said.undeletes & ancestors.keys():
        return
    for delete in said.deletes & ancestors.keys():
        unseen = ancestors.keys() - ancestors[delete] - {delete}
        quiet = all(not said.came.get(id) and not said.went.get(id) and id in said.came for id in unseen)
        assert not quiet or unseen, "a deleted note is back"


def _check_doubles(row: notes.Stored, waiting: list[object], history: list[object]) -> None:
    """I8: no word stands twice, unless a clash says or said so."""
    words = WORD.findall(row.content.body)
    # One that was shared with a doubled word has it from the note it was.
    roots = " ".join(str(edit[2]) for change in history if not change.parents for edit in change.edits)  # type: ignore[attr-defined]
    doubled = {word for word in words if words.count(word) > 1 and WORD.findall(roots).count(word) < 2}
    # A flag that was settled since, or whose place was edited, is in the history.
    flagged = bool(waiting) or any(len(change.parents) > 1 for change in history)  # type: ignore[attr-defined]
    assert not doubled or flagged or len(split_ids(row.heads)) > 1, f"I8: {doubled} stand twice, without a flag"


def _ancestors(parents: dict[bytes, tuple[bytes, ...]]) -> dict[bytes, set[bytes]]:
    found: dict[bytes, set[bytes]] = {}
    left = dict(parents)
    while left:
        ready = [id for id, above in left.items() if all(one in found or one not in parents for one in above)]
        assert ready, "a circle of changes"
        for id in ready:
            above = left.pop(id)
            found[id] = set(above).union(*(found.get(one, set()) for one in above))
    return found


def _check_rows(machine: Machine) -> None:
    """Rows are what the changes say, and the index agrees."""
    checks = machine.vault.checks
    for look in (lambda: checks._history(False, None), lambda: checks._items(False), lambda: checks._index(False)):
        found = look()
        assert found.state != "damaged", f"{machine.name}: {found}"


def _check_remote(world: World) -> None:
    """I4 and I6: entries stand once; nothing is in clear; no bundle under an old key after a new one."""
    with world.relay.read() as tx:
        rows = tx.rows("SELECT space_id, device, number, hash, type, raw FROM relay_entry ORDER BY space_id, seq")
    assert len({(row[0], row[1], row[2]) for row in rows}) == len(rows), "I4: an entry stands twice"
    epochs: dict[bytes, int] = {}
    for space, _, _, _, type, raw in rows:
        if raw is None:
            continue
        header = parse(raw).header
        assert not WORD.search(raw.decode("latin-1")), "I6: words in clear at the remote"
        if type == BUNDLE:
            assert header.epoch >= epochs.get(space, 1), "I6: an entry under an old key after a new one"
            epochs[space] = header.epoch


def _is_known(tx: Tx, space: spaces.Space) -> bool:
    """Whether those in the space know of this device: a log that was set back may have lost that it came in."""
    account = accounts.get(tx, meta.identity(tx))
    return account.keys.id in accounts.keyring(tx, space).devices


def _check_keys(world: World) -> None:
    """I6: who was removed has no key of a later epoch. Who that is, those say who are inside."""
    keys: dict[tuple[bytes, bytes], int] = {}
    rings: dict[bytes, Keyring] = {}
    for machine in world.machines.values():
        with machine.vault._context.engine.read() as tx:
            me = accounts.get(tx, meta.identity(tx)).keys.id
            for space in spaces.each(tx):
                keys[space.id, me] = max(logs.keys(tx, space.n), default=0)
                ring = accounts.keyring(tx, space)
                if ring.role_of(me) and not machine.lost and ring.number > rings.get(space.id, Keyring(b"")).number:
                    rings[space.id] = ring
    for (space, device), epoch in keys.items():
        known = rings[space].devices.get(device) if space in rings else None
        if known is not None and not known.is_active:
            assert epoch < rings[space].epoch, "I6: one who is out has the new key"


def refuses_removal(error: ScribesError) -> bool:
    """Whether a sync stopped to ask about many removals."""
    return isinstance(error, Conflict) and "to the trash" in error.message
