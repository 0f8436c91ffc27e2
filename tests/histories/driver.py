"""A seeded driver of random histories: deeper than what hypothesis makes of its own accord. One seed, one history."""

from __future__ import annotations

import os
import random
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from scribes import NotePatch
from scribes.storage import notes

from . import world as worlds
from .world import CIRCLES, PEOPLE, YEAR_US, Machine, Template, World

STEPS = 100
MOST_NOTES = 6
_template: Template | None = None


def template() -> Template:
    """The world as every history of this process begins."""
    global _template
    if _template is None:
        with _seeded(0):
            _template = worlds.make_template()
    return _template


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Ids, keys and salts that follow from the seed (and from PYTHONHASHSEED), so that a history can be run again."""
    urandom, os.urandom = os.urandom, random.Random(seed).randbytes
    try:
        yield
    finally:
        os.urandom = urandom


def run(seed: int, *, steps: int = STEPS) -> World:
    """One history, checked at its end; the world is closed."""
    source = random.Random(seed)
    with _seeded(seed):
        return _run(source, steps)


def attempt(seed: int) -> tuple[int, str]:
    """A seed and, where its history fails, why."""
    try:
        run(seed)
    except BaseException:
        return seed, traceback.format_exc()
    return seed, ""


def _run(source: random.Random, steps: int) -> World:
    world = World(source, template())
    try:
        kind = source.choice(("calm", "lossy", "crashing", "setbacks", "members", "all"))
        for _ in range(source.randrange(steps // 2, steps * 3 // 2)):
            step(world, kind)
        before = worlds.committed(world)
        worlds.settle(world)
        worlds.check(world, before)
    finally:
        world.close()
    return world


def step(world: World, kind: str) -> None:
    """One thing that somebody does, or that happens to somebody."""
    source = world.source
    world.tick()
    machine = source.choice([one for one in world.machines.values() if not one.lost])
    weights = dict(EVERYDAY)
    if kind in ("members", "all"):
        weights |= MEMBERS
    if kind in ("setbacks", "all"):
        weights |= SETBACKS
    machine.faults.lost = 0.15 if kind in ("lossy", "all") else 0.0
    machine.faults.mess = 0.3 if kind in ("lossy", "all") else 0.0
    machine.faults.crash = 0.04 if kind in ("crashing", "all") else 0.0
    action = source.choices(list(weights), list(weights.values()))[0]
    action(world, machine)
    for one in world.machines.values():
        one.faults.lost = one.faults.mess = one.faults.crash = 0.0


def add(world: World, machine: Machine) -> None:
    if len(machine.own_rows()) >= MOST_NOTES:
        # Few notes, so that edits meet.
        edit(world, machine)
        return
    words = " ".join(world.new_word() for _ in range(world.source.randrange(3, 25)))
    tags = [world.source.choice(("grace", "hope", "faith"))]
    world.write(machine, lambda vault: vault.notes.add(world.new_word(), _paragraphs(world, words), tags=tags))


def edit(world: World, machine: Machine) -> None:
    row = _pick(world, machine)
    if row is None:
        return
    body, source = row.content.body, world.source
    for _ in range(source.choice((1, 1, 1, 2, 4))):
        body = source.choice((_insert, _remove, _replace, _append, _move))(world, body)
    patch = NotePatch(body=body or world.new_word())
    if source.random() < 0.2:
        patch = NotePatch(body=body or world.new_word(), speaker=source.choice(("Stott", "Keller", "Lloyd-Jones")))
    world.write(machine, lambda vault: vault.notes.change(_ref(row), patch))


def tag(world: World, machine: Machine) -> None:
    row = _pick(world, machine)
    if row is not None:
        add, remove = world.source.choice((([world.new_word()], []), ([], list(row.content.tags[:1]))))
        world.write(machine, lambda vault: vault.notes.tag(_ref(row), add=add, remove=remove))


def delete(world: World, machine: Machine) -> None:
    row = _pick(world, machine)
    if row is not None:
        world.write(machine, lambda vault: vault.notes.remove([_ref(row)]))


def undelete(world: World, machine: Machine) -> None:
    gone = [row for row in machine.own_rows() if row.content.deleted_us is not None]
    if gone:
        row = world.source.choice(gone)
        world.write(machine, lambda vault: vault.notes.restore([_ref(row)]))


def undo(world: World, machine: Machine) -> None:
    world.write(machine, lambda vault: vault.history.undo())


def choose(world: World, machine: Machine) -> None:
    waiting = machine.run(lambda vault: vault.clashes.waiting())
    if waiting:
        one = world.source.choice(waiting)  # type: ignore[arg-type]
        choice = world.source.choice(("ours", "theirs", "both"))
        world.write(machine, lambda vault: vault.clashes.choose(one.id, choice))


def sync(world: World, machine: Machine) -> None:
    machine.run(lambda vault: vault.sync.run(may_remove=True, may_refill=True))


def share(world: World, machine: Machine) -> None:
    row = _pick(world, machine)
    if row is not None:
        circle = world.source.choice(CIRCLES)
        world.write(machine, lambda vault: vault.sharing.share(_ref(row), circle))


def unshare(world: World, machine: Machine) -> None:
    row = _pick(world, machine)
    if row is not None:
        world.write(machine, lambda vault: vault.sharing.unshare(_ref(row)))


def comment(world: World, machine: Machine) -> None:
    row = _pick(world, machine)
    if row is not None:
        machine.run(lambda vault: vault.sharing.comment(_ref(row), "Amen"))


def clock(world: World, machine: Machine) -> None:
    machine.skew_us = world.source.choice((-YEAR_US, YEAR_US, 0, world.source.randrange(-YEAR_US, YEAR_US)))


def compact(world: World, machine: Machine) -> None:
    machine.run(lambda vault: vault.sync.compact())


def back_up(world: World, machine: Machine) -> None:
    machine.back_up(world.source.choice("ab"))


def set_back(world: World, machine: Machine) -> None:
    machine.set_back(world.source.choice("ab"))
    world.setbacks = True


def back_up_remote(world: World, machine: Machine) -> None:
    world.back_up_relay()


def set_back_remote(world: World, machine: Machine) -> None:
    world.set_back_relay()


def remove(world: World, machine: Machine) -> None:
    machine, circle = _leader(world, machine)
    name = world.source.choice(list(PEOPLE))
    machine.run(lambda vault: vault.circles.remove(circle, name))


def invite(world: World, machine: Machine) -> None:
    machine, circle = _leader(world, machine)
    name, role = world.source.choice(list(PEOPLE)), world.source.choice(("reader", "member", "admin"))
    link = machine.run(lambda vault: vault.circles.invite(circle, role=role, uses=world.source.randrange(1, 3)))
    if link is not None:
        guest = world.machines[PEOPLE[name][0]]
        if not guest.lost:
            guest.run(lambda vault: vault.circles.join(link.link))  # type: ignore[attr-defined]


def uninvite(world: World, machine: Machine) -> None:
    machine, circle = _leader(world, machine)
    machine.run(lambda vault: vault.circles.uninvite(circle))


def set_role(world: World, machine: Machine) -> None:
    machine, circle = _leader(world, machine)
    name, role = world.source.choice(list(PEOPLE)), world.source.choice(("reader", "member", "admin"))
    machine.run(lambda vault: vault.circles.set_role(circle, name, role))


def hand_over(world: World, machine: Machine) -> None:
    machine, circle = _leader(world, machine)
    machine.run(lambda vault: vault.circles.hand_over(circle, world.source.choice(list(PEOPLE))))


def leave(world: World, machine: Machine) -> None:
    circle = world.source.choice(CIRCLES)
    machine.run(lambda vault: vault.circles.leave(circle))


def revoke(world: World, machine: Machine) -> None:
    others = [name for devices in PEOPLE.values() if machine.name in devices for name in devices]
    other = next((name for name in others if name != machine.name and not world.machines[name].lost), None)
    if other is not None:
        # Whether or not all of it went through: nobody has that device any more.
        machine.run(lambda vault: vault.devices.revoke(other))
        world.machines[other].lost = True


Action = Callable[[World, Machine], None]
EVERYDAY: dict[Action, float] = {
    add: 4, edit: 12, tag: 3, delete: 2, undelete: 1, undo: 1, choose: 2, sync: 14, share: 2, unshare: 0.5, comment: 1,
    clock: 0.7, compact: 0.4,
}  # fmt: skip
MEMBERS: dict[Action, float] = {
    remove: 0.8, invite: 1.5, uninvite: 0.3, set_role: 0.8, hand_over: 0.4, leave: 0.4, revoke: 0.15,
}  # fmt: skip
SETBACKS: dict[Action, float] = {back_up: 1.5, set_back: 1, back_up_remote: 0.7, set_back_remote: 0.5}


def _leader(world: World, machine: Machine) -> tuple[Machine, str]:
    """A circle and, mostly, a device of one who leads it."""
    circle = world.source.choice(CIRCLES)
    if world.source.random() < 0.2:
        return machine, circle
    leading = []
    for one in world.machines.values():
        found = [
            shown for shown in one.vault.circles.each() if shown.name == circle and shown.role in ("owner", "admin")
        ]
        if found and not one.lost:
            leading.append(one)
    chosen = world.source.choice(leading) if leading else machine
    chosen.faults.lost, chosen.faults.crash = machine.faults.lost, machine.faults.crash
    return chosen, circle


def _pick(world: World, machine: Machine) -> notes.Stored | None:
    rows = [row for row in machine.own_rows() if row.content.deleted_us is None]
    if not rows:
        return None
    # The same few notes again and again, so that edits meet.
    rows.sort(key=lambda row: row.id)
    return rows[min(int(world.source.expovariate(0.8)), len(rows) - 1)]


def _ref(row: notes.Stored) -> str:
    from scribes.ids import to_text

    return to_text(row.id)


def _paragraphs(world: World, words: str) -> str:
    parts = words.split(" ")
    for place in sorted(world.source.sample(range(len(parts)), len(parts) // 6), reverse=True):
        parts[place] += world.source.choice((".\n\n", ",", ".", "\n- "))
    return " ".join(parts).replace("\n ", "\n")


def _insert(world: World, body: str) -> str:
    parts = body.split(" ")
    place = world.source.randrange(len(parts) + 1)
    return " ".join([*parts[:place], world.new_word(), *parts[place:]])


def _remove(world: World, body: str) -> str:
    parts = body.split(" ")
    if len(parts) < 3:
        return body
    place = world.source.randrange(len(parts))
    return " ".join([*parts[:place], *parts[place + world.source.randrange(1, 3) :]])


def _replace(world: World, body: str) -> str:
    parts = body.split(" ")
    parts[world.source.randrange(len(parts))] = world.new_word()
    return " ".join(parts)


def _append(world: World, body: str) -> str:
    return f"{body}\n\n{world.new_word()} {world.new_word()}"


def _move(world: World, body: str) -> str:
    paragraphs = body.split("\n\n")
    moved = paragraphs.pop(world.source.randrange(len(paragraphs)))
    paragraphs.insert(world.source.randrange(len(paragraphs) + 1), moved)
    return "\n\n".join(paragraphs)
