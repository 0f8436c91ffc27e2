"""Prayer points: written down, prayed for in turn, answered; and the log of prayers."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache, partial

from ..domain import prayers as rules
from ..domain.dates import from_us
from ..domain.labels import clean_tags
from ..domain.prayers import ANSWERED, ARCHIVED, MEMORY_DAYS, OPEN, PRAYED, PRAYER, Turn
from ..domain.zones import day_of
from ..errors import InvalidInput
from ..ids import to_text
from ..models.prayers import Listed, NewPrayer, Prayed, Prayer
from ..records import replaced
from ..storage import items, operations, prayers
from .items import add_in, write_in
from .rows import circle_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from ..config import Settings
    from ..domain.prayers import PrayerContent
    from ..models.prayers import PrayerPatch
    from ..ports import Tx
    from ..storage.items import Stored
    from .context import Context

    Reader = Callable[..., list[Stored]]

STATES = (OPEN, ANSWERED, ARCHIVED)
MOST = 10_000


class Prayers:
    """The prayer points of a vault. `ref` is an id, or the start of a handle that fits one prayer only."""

    def __init__(self, context: Context, settings: Settings) -> None:
        self._context = context
        self._engine = context.engine
        self._settings = settings

    def add(self, new: NewPrayer) -> Prayer:
        """The new prayer point; @people and #tags in its text count too. Taken from a note (its id or handle), it is
        linked with that, and called like it where no words are given.

        Raises: InvalidInput, NotFound, Ambiguous.
        """
        with self._engine.write() as tx:
            if new.note:
                new = self._from_note(tx, new)
            operation = operations.begin(tx, self._context.command)
            return self._shown(tx, add_in(tx, self._context, PRAYER, rules.content_of_new(new), operation))

    def get(self, ref: str) -> Prayer:
        """A prayer point.

        Raises: NotFound, Ambiguous.
        """
        with self._engine.read() as tx:
            return self._shown(tx, self._find(tx, ref))

    def recent(
        self, *, state: str = OPEN, person: str = "", tag: str = "", limit: int = 20, skip: int = 0
    ) -> list[Prayer]:
        """Prayer points of a state (of all where it is empty) for a person and with a tag: the last written first,
        answered ones the last answered first.

        Raises: InvalidInput.
        """
        if state and state not in STATES:
            raise InvalidInput(f"there is no state {state!r}", hint=f"one of {', '.join(STATES)}")
        return self._fitting(partial(prayers.listed, state=state), person, tag, limit, skip)

    def answers(self, *, person: str = "", tag: str = "", limit: int = 20, skip: int = 0) -> list[Prayer]:
        """Answered prayers, those put away since too, for a person and with a tag: the last answered first.

        Raises: InvalidInput.
        """
        return self._fitting(prayers.with_answer, person, tag, limit, skip)

    def today(self) -> list[Listed]:
        """The list of today: prayers whose day or turn it is, and all that were prayed for today, done.

        It stays the same all day, but for prayers that are added or answered.
        """
        with self._engine.read() as tx:
            ids, done = self._of_today(tx)
            found = prayers.listed(tx, state=OPEN, visible_to=self._context.visible_to, limit=MOST)
            stored = {one.id: one for one in found}
            return [Listed(self._shown(tx, stored[id]), to_text(id) in done) for id in ids]

    def left_today(self) -> int:
        """How many prayers on the list of today are not prayed for yet."""
        with self._engine.read() as tx:
            ids, done = self._of_today(tx)
            return sum(to_text(id) not in done for id in ids)

    def prayed(self, refs: Sequence[str], *, words: str = "") -> list[Prayer]:
        """The prayers, prayed for now, and in which words; one entry in the log for each.

        Raises: NotFound, Ambiguous, InvalidInput; then none is entered.
        """
        with self._engine.write() as tx:
            found = self._all(tx, refs)
            for stored in found:
                if stored.content.deleted_us is not None:
                    raise InvalidInput(f"the prayer is in the trash: {_heading(stored)}", hint="scribes pray reopen")
            operation = operations.begin(tx, self._context.command)
            for stored in found:
                entry = rules.entry(to_text(stored.id), words, at_us=tx.now_us, day=self._day_of(tx.now_us))
                add_in(tx, self._context, PRAYED, entry, operation)
            return [self._shown(tx, stored) for stored in found]

    def log(self, ref: str, *, limit: int = 20, skip: int = 0) -> list[Prayed]:
        """When a prayer was prayed, the last time first.

        Raises: NotFound, Ambiguous.
        """
        with self._engine.read() as tx:
            id = to_text(self._find(tx, ref).id)
            found = prayers.log(tx, id, visible_to=self._context.visible_to, limit=skip + limit)
            return [
                Prayed(
                    to_text(one.id),
                    from_us(one.content.at_us),
                    rules.read_day(one.content.day) or self._day_of(one.content.at_us),
                    one.content.words,
                )
                for one in found[skip:]
            ]

    def change(self, ref: str, patch: PrayerPatch) -> Prayer:
        """The prayer point with a patch applied.

        Raises: NotFound, Ambiguous, InvalidInput.
        """
        return self._change([ref], lambda content, _: rules.patched(content, patch))[0]

    def answer(self, ref: str, thanks: str = "", *, on: date | None = None) -> Prayer:
        """The prayer, answered: on a day, with words of thanks. What is not given stays as it is, or the day is today.

        Raises: NotFound, Ambiguous, InvalidInput.
        """

        def answered(content: PrayerContent, now_us: int) -> PrayerContent:
            today = self._day_of(now_us)
            if on is not None and on > today:
                raise InvalidInput(f"{on} has not come yet", hint="the day on which it was answered")
            kept = rules.read_day(content.answered_on)
            return rules.answered(content, thanks or content.thanks, on or kept or today)

        return self._change([ref], answered)[0]

    def archive(self, refs: Sequence[str]) -> list[Prayer]:
        """The prayers, put away: on no list any more. An answer stays with its prayer.

        Raises: NotFound, Ambiguous, InvalidInput; then none is changed.
        """
        return self._change(refs, lambda content, _: replaced(content, state=ARCHIVED))

    def reopen(self, refs: Sequence[str]) -> list[Prayer]:
        """The prayers one step back: out of the trash as they were, out of the archive with their answer, and answered
        ones open again, without it.

        Raises: NotFound, Ambiguous; then none is changed.
        """
        return self._change(refs, lambda content, _: rules.reopened(content), deleted=True)

    def remove(self, refs: Sequence[str]) -> list[Prayer]:
        """The prayers, in the trash; `undo` and `reopen` bring them back.

        Raises: NotFound, Ambiguous, InvalidInput; then none is changed.
        """
        return self._change(refs, lambda content, now_us: replaced(content, deleted_us=now_us))

    def _change(
        self,
        refs: Sequence[str],
        change: Callable[[PrayerContent, int], PrayerContent],
        *,
        deleted: bool = False,
    ) -> list[Prayer]:
        """The prayers after a change, in one operation; those in the trash are refused unless it is about them."""
        with self._engine.write() as tx:
            pairs = []
            for stored in self._all(tx, refs):
                if stored.content.deleted_us is not None and not deleted:
                    raise InvalidInput(f"the prayer is in the trash: {_heading(stored)}", hint="scribes pray reopen")
                pairs.append((stored, change(stored.content, tx.now_us)))
            if all(stored.content == after for stored, after in pairs):
                return [self._shown(tx, stored) for stored, _ in pairs]
            operation = operations.begin(tx, self._context.command)
            return [
                self._shown(tx, write_in(tx, self._context, PRAYER, stored, after, operation))
                for stored, after in pairs
            ]

    def _of_today(self, tx: Tx) -> tuple[list[bytes], set[str]]:
        """The prayers on the list of today, and which prayers were prayed for today (as text)."""
        visible_to, today = self._context.visible_to, self._day_of(tx.now_us)
        found = prayers.open_ones(tx, visible_to=visible_to, limit=MOST)
        first = today - timedelta(days=MEMORY_DAYS)
        days: dict[str, list[date]] = {}
        done: set[str] = set()
        for id, text in prayers.prayed_between(tx, first.isoformat(), today.isoformat(), visible_to=visible_to):
            if text == today.isoformat():
                done.add(id)
            elif (day := rules.read_day(text)) is not None:
                days.setdefault(id, []).append(day)
        turns = [
            Turn(id, created_us, self._day_of(created_us), _rule(rhythm), tuple(days.get(to_text(id), ())))
            for id, created_us, rhythm in found
        ]
        ids = rules.of_day(turns, today, days=self._settings.prayer_days, at_most=self._settings.prayers_a_day)
        return list(dict.fromkeys([*ids, *(id for id, _, _ in found if done and to_text(id) in done)])), done

    def _fitting(self, read: Reader, person: str, tag: str, limit: int, skip: int) -> list[Prayer]:
        """Of the prayers that are read, those for a person and with a tag.

        Raises: InvalidInput.
        """
        people, tags = rules.clean_people([person] * bool(person)), clean_tags([tag] * bool(tag))

        def fits(content: PrayerContent) -> bool:
            known = {name.casefold() for name in content.people}
            return all(name.casefold() in known for name in people) and set(tags) <= set(content.tags)

        with self._engine.read() as tx:
            most = MOST if people or tags else skip + limit
            found = read(tx, visible_to=self._context.visible_to, limit=most)
            fitting = [stored for stored in found if fits(stored.content)]
            return [self._shown(tx, stored) for stored in fitting[skip : skip + limit]]

    def _from_note(self, tx: Tx, new: NewPrayer) -> NewPrayer:
        from .rows import find_in, to_note

        note = to_note(tx, find_in(tx, new.note, self._context), self._context)
        title = new.title or ("" if new.body.strip() else note.heading)
        return replaced(new, note=note.id, title=title)

    def _all(self, tx: Tx, refs: Sequence[str]) -> list[Stored]:
        return list({stored.id: stored for stored in (self._find(tx, ref) for ref in refs)}.values())

    def _find(self, tx: Tx, ref: str) -> Stored:
        id = items.resolve(tx, PRAYER, ref, visible_to=self._context.visible_to)
        return items.get(tx, PRAYER, id, visible_to=self._context.visible_to)

    def _day_of(self, at_us: int) -> date:
        """The day of an instant on the person's calendar."""
        return day_of(at_us, self._context.zone)

    def _shown(self, tx: Tx, stored: Stored) -> Prayer:
        content = stored.content
        prayed_us, times = prayers.tally(tx, to_text(stored.id), visible_to=self._context.visible_to)
        answered_on = rules.read_day(content.answered_on)
        created_on = self._day_of(stored.created_us)
        return Prayer(
            id=to_text(stored.id),
            handle=items.handle(tx, PRAYER, stored.id, visible_to=self._context.visible_to),
            title=content.title,
            body=content.body,
            note=content.note,
            people=content.people,
            tags=content.tags,
            rhythm=content.rhythm,
            state=content.state,
            answered_on=answered_on,
            thanks=content.thanks,
            waited_days=None if answered_on is None else max(0, (answered_on - created_on).days),
            prayed_at=None if prayed_us is None else from_us(prayed_us),
            times=times,
            created_at=from_us(stored.created_us),
            changed_at=from_us(stored.changed_us),
            deleted_at=None if content.deleted_us is None else from_us(content.deleted_us),
            circle=circle_name(tx, stored.space, self._context),
        )


def after_prayer(_tx: Tx, _context: Context, _stored: Stored) -> None:
    """Nothing follows: what is prayed when stands in the log."""


def after_prayed(_tx: Tx, _context: Context, _stored: Stored) -> None:
    """Nothing follows: the log is counted where it is shown."""


@lru_cache(maxsize=1_000)
def _rule(rhythm: str) -> str:
    """The rule of a rhythm; none for words of a newer Scribes, so that the prayer takes its turn at least."""
    try:
        return rules.rule_of(rhythm)
    except InvalidInput:
        return ""


def _heading(stored: Stored) -> str:
    from ..models.notes import heading_of

    return heading_of(stored.content.title, stored.content.body)
