"""Spaced review: cards from notes, highlights and passages; what is due; answers; how it goes."""

from __future__ import annotations

from itertools import islice

from ..domain.dates import from_us
from ..domain.reviews import (
    CARD,
    HIGHLIGHT,
    LAST_US,
    LEAST_RETENTION,
    MOST_RETENTION,
    NOTE,
    RATINGS,
    REVIEW,
    VERSE,
    CardContent,
    ReviewContent,
    Rules,
    after,
    card_id,
    intervals_us,
    schedule,
)
from ..domain.zones import day_of
from ..errors import InvalidInput, NotFound
from ..ids import from_text, to_text
from ..models.reviews import Answered, Card, ReviewCard
from ..records import replaced
from ..storage import cards, items, operations
from .card_texts import of_highlight, sides_of, title_of
from .items import add_in, write_in
from .own_spaces import own_id
from .rows import find_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from ..config import Settings
    from ..models.reviews import Fitted, ForecastDay, Status
    from ..ports import Tx
    from ..storage.items import Stored
    from .card_texts import Sides
    from .context import Context
    from .scripture import Scripture

STATES = ("new", "learning", "known", "relearning")
PAGE, BATCH = 50, 1_000
# Longer passages are learned in parts.
MOST_VERSES = 200
# So many cards from one note are no longer what somebody wants to remember.
MOST_HIGHLIGHTS = 500
SECOND_US = 1_000_000


class Reviews:
    """The cards of a vault. `ref` is an id, or the start of a handle that fits one card only; of notes, of a note."""

    def __init__(self, context: Context, settings: Settings, scripture: Scripture) -> None:
        self._context = context
        self._engine = context.engine
        self._settings = settings
        self._scripture = scripture

    def add_note(self, note: str) -> Card:
        """The card of a note: its heading on the front, its text on the back.

        Raises: NotFound, Ambiguous; InvalidInput, where the note is in the trash.
        """
        return self._add_of_note(note, lambda stored: {CardContent(NOTE, to_text(stored.id)): None})[0]

    def add_highlights(self, note: str) -> list[Card]:
        """A card for each highlight of a note.

        Raises: NotFound, Ambiguous; InvalidInput, where nothing or too much is marked or the note is in the trash.
        """
        from ..domain.highlights import highlights

        def contents(stored: Stored) -> dict[CardContent, Sides | None]:
            note = stored.content
            found = highlights(note.title, note.body, limit=MOST_HIGHLIGHTS + 1)
            if not found:
                raise InvalidInput(
                    "nothing is marked in this note", hint="mark ==the words== to remember, with scribes edit"
                )
            if len(found) > MOST_HIGHLIGHTS:
                raise InvalidInput(
                    f"more than {MOST_HIGHLIGHTS} places are marked in this note", hint="mark less, or part the note"
                )
            return {CardContent(HIGHLIGHT, to_text(stored.id), one.words): of_highlight(one) for one in found}

        return self._add_of_note(note, contents)

    def add_passage(self, passage: str, *, translation: str = "") -> Card:
        """The card of a passage to know by heart, in a text on this machine.

        Raises: InvalidInput; NotFound, where the text does not have the passage.
        """
        code = (translation or self._settings.translation).lower()
        if not self._scripture.is_at_hand(code):
            raise InvalidInput(
                f"the text {code!r} is not on this machine", hint="scribes bible list shows those that are"
            )
        reading = self._scripture.read(passage, translation=code)
        if len(reading.verses) > MOST_VERSES:
            raise InvalidInput(f"{passage} has {len(reading.verses)} verses", hint=f"at most {MOST_VERSES} on one card")
        with self._engine.write() as tx:
            return self._add(tx, {CardContent(VERSE, reading.osis, "", code): None})[0]

    def recent(self, *, limit: int = 20, skip: int = 0) -> list[Card]:
        """The cards, those that come first at the top."""
        self._settle()
        with self._engine.read() as tx:
            found = cards.listed(tx, visible_to=self._context.visible_to, limit=skip + limit)
            return [self._card(tx, stored) for stored in found[skip:]]

    def remove(self, refs: Sequence[str]) -> list[Card]:
        """The cards, no longer there. Their reviews are kept: added again, a card goes on where it was.

        Raises: NotFound, Ambiguous; then none is removed.
        """
        return self._change(refs, lambda content, now_us: replaced(content, deleted_us=now_us))

    def suspend(self, refs: Sequence[str]) -> list[Card]:
        """The cards, which do not come until they are resumed.

        Raises: NotFound, Ambiguous; then none is changed.
        """
        return self._change(refs, lambda content, _: replaced(content, suspended=1))

    def resume(self, refs: Sequence[str]) -> list[Card]:
        """The cards, which come again as they would have.

        Raises: NotFound, Ambiguous; then none is changed.
        """
        return self._change(refs, lambda content, _: replaced(content, suspended=0))

    def due(self, *, limit: int = 20, skip: Collection[str] = ()) -> list[ReviewCard]:
        """The cards to review now: what is being learned, what is due for the longest time, then new ones.

        `skip` are ids to leave out.
        """
        self._settle()
        with self._engine.read() as tx:
            rules = cards.rules(tx, self._context.hosted)
            return [
                self._review_card(tx, stored, sides, rules)
                for stored, sides in islice(self._coming_up(tx, skip), limit)
            ]

    def card(self, ref: str) -> ReviewCard:
        """A card with its sides, due or not.

        Raises: NotFound, also where what it is about is no longer there; Ambiguous.
        """
        with self._engine.read() as tx:
            stored = self._find(tx, ref)
            sides = sides_of(tx, self._context, self._scripture, stored.content)
            if sides is None:
                raise NotFound(
                    "what the card is about is no longer there", hint="its note is in the trash, or was changed"
                )
            return self._review_card(tx, stored, sides, cards.rules(tx, self._context.hosted))

    def answer(self, ref: str, rating: int, *, took_ms: int = 0, mode: str = "read") -> Answered:
        """What follows from an answer: 1 again, 2 hard, 3 good, 4 easy.

        Raises: NotFound, Ambiguous, InvalidInput.
        """
        if rating not in RATINGS:
            raise InvalidInput(f"{rating} is no answer", hint="1 again, 2 hard, 3 good, 4 easy")
        self._settle()
        with self._engine.write() as tx:
            stored = self._find(tx, ref)
            if stored.content.suspended:
                raise InvalidInput("the card is suspended", hint=f"scribes review resume {ref}")
            intervals = intervals_us(
                stored.id, cards.state(tx, stored.n), tx.now_us, cards.rules(tx, self._context.hosted)
            )
            last, _ = cards.last_answer(tx, to_text(stored.id), space=stored.space)
            # After the last one also where that was given by a clock that was ahead.
            at_us = max(tx.now_us, min(last.at_us + 1, LAST_US)) if last else tx.now_us
            content = ReviewContent(
                to_text(stored.id), at_us, day_of(tx.now_us, self._context.zone).isoformat(), rating, took_ms, mode
            )
            operation = operations.begin(tx, self._context.command)
            review = add_in(tx, self._context, REVIEW, content, operation)
            interval_s = intervals[rating - 1] // SECOND_US
            return Answered(to_text(review.id), self._card(tx, stored), rating, interval_s)

    def undo(self, review: str = "") -> Card:
        """The card of an answer, of the last one where none is named, exactly as it was before that.

        Raises: NotFound, where there is no answer to take back.
        """
        with self._engine.write() as tx:
            visible_to = self._context.visible_to
            last = cards.last_review(tx, visible_to=visible_to)
            if review:
                last = items.find(tx, REVIEW, _id_in(review), visible_to=visible_to)
            if last is None or last.content.deleted_us is not None:
                raise NotFound("there is no answer to take back")
            operation = operations.begin(tx, self._context.command)
            write_in(tx, self._context, REVIEW, last, replaced(last.content, deleted_us=tx.now_us), operation)
            card = from_text(last.content.card)
            return self._card(tx, items.get(tx, CARD, card, visible_to=visible_to))

    def status(self) -> Status:
        """How many cards there are, what is due, and how reviewing goes."""
        from .review_numbers import status

        self._settle()
        with self._engine.read() as tx:
            return status(tx, self._context, self._scripture, new_a_day=self._settings.review_new)

    def to_do(self) -> tuple[int, int]:
        """How many cards are to be reviewed now, new ones of today among them, and the streak in days."""
        from .review_numbers import due_now, new_today, streak

        self._settle()
        with self._engine.read() as tx:
            due = due_now(tx, self._context, self._scripture, cards.SEEN)
            return due + new_today(tx, self._context, self._scripture, self._settings.review_new), streak(
                tx, self._context
            )

    def forecast(self, *, days: int = 30) -> list[ForecastDay]:
        """How many cards come on each of the coming days; today has what is overdue."""
        from .review_numbers import forecast

        self._settle()
        with self._engine.read() as tx:
            return forecast(tx, self._context, self._scripture, days=days, new_a_day=self._settings.review_new)

    def fit(self) -> Fitted:
        """What fitting the parameters to the log of reviews brought; they are used where they foretell memory better.

        Raises: InvalidInput, where there are too few reviews.
        """
        from .fitting import fit

        self._settle()
        with self._engine.read() as tx:
            log, rules = cards.log(tx, visible_to=self._context.visible_to), cards.rules(tx, self._context.hosted)
        found = fit(log, rules)
        if found.is_used:
            self._derive_anew(replaced(rules, parameters=found.parameters))
        return found

    def _add_of_note(self, note: str, contents: Callable[[Stored], dict[CardContent, Sides | None]]) -> list[Card]:
        with self._engine.write() as tx:
            stored = find_in(tx, note, self._context)
            if stored.content.deleted_us is not None:
                raise InvalidInput("the note is in the trash", hint="scribes restore")
            return self._add(tx, contents(stored))  # type: ignore[arg-type]

    def _add(self, tx: Tx, contents: dict[CardContent, Sides | None]) -> list[Card]:
        """The cards, those that are there already as they are; with their sides where they are known."""
        operation, added = operations.begin(tx, self._context.command), []
        for content, sides in contents.items():
            id = own_id(tx, self._context, card_id(content))
            stored = items.find(tx, CARD, id, visible_to=self._context.visible_to)
            if stored is None:
                stored = add_in(tx, self._context, CARD, content, operation, id=id)
            elif stored.content.deleted_us is not None:
                stored = write_in(tx, self._context, CARD, stored, content, operation)
            added.append(self._card(tx, stored, sides))
        return added

    def _change(self, refs: Sequence[str], change: Callable[[CardContent, int], CardContent]) -> list[Card]:
        with self._engine.write() as tx:
            found = {stored.id: stored for stored in (self._find(tx, ref) for ref in refs)}
            operation = operations.begin(tx, self._context.command)
            changed = [
                write_in(tx, self._context, CARD, stored, change(stored.content, tx.now_us), operation)
                for stored in found.values()
            ]
            return [self._card(tx, stored) for stored in changed]

    def _find(self, tx: Tx, ref: str) -> Stored:
        id = items.resolve(tx, CARD, ref, visible_to=self._context.visible_to)
        stored = items.get(tx, CARD, id, visible_to=self._context.visible_to)
        if stored.content.deleted_us is not None:
            raise NotFound("the card was removed", hint="scribes review add brings it back with its reviews")
        return stored

    def _coming_up(self, tx: Tx, skip: Collection[str]) -> Iterator[tuple[Stored, Sides]]:
        """The cards to review now with their sides, in order; those that have none are passed over."""
        from .review_numbers import new_today

        seen = {from_text(id) for id in skip}
        new = new_today(tx, self._context, self._scripture, self._settings.review_new)
        for sort in (cards.LEARNING, cards.SEEN, cards.UNSEEN):
            found = self._with_sides(tx, sort, seen)
            yield from islice(found, new) if sort == cards.UNSEEN else found

    def _with_sides(self, tx: Tx, sort: str, seen: set[bytes]) -> Iterator[tuple[Stored, Sides]]:
        skip = 0
        while page := cards.coming_up(tx, sort, tx.now_us, visible_to=self._context.visible_to, limit=PAGE, skip=skip):
            skip += len(page)
            for stored in page:
                if stored.id not in seen:
                    seen.add(stored.id)
                    sides = sides_of(tx, self._context, self._scripture, stored.content)
                    if sides is not None:
                        yield stored, sides

    def _review_card(self, tx: Tx, stored: Stored, sides: Sides, rules: Rules) -> ReviewCard:
        intervals = intervals_us(stored.id, cards.state(tx, stored.n), tx.now_us, rules)
        again, hard, good, easy = (interval // SECOND_US for interval in intervals)
        return ReviewCard(self._card(tx, stored, sides), sides.front, sides.back, (again, hard, good, easy))

    def _card(self, tx: Tx, stored: Stored, sides: Sides | None = None) -> Card:
        content, state = stored.content, cards.state(tx, stored.n)
        sides = sides or sides_of(tx, self._context, self._scripture, content)
        return Card(
            id=to_text(stored.id),
            handle=items.handle(tx, CARD, stored.id, visible_to=self._context.visible_to),
            kind=content.source_kind,
            source=content.source,
            translation=content.translation,
            title=sides.title if sides else title_of(content),
            state="suspended" if content.suspended else STATES[state.phase],
            due_at=from_us(state.due_us) if _comes(content) else None,
            reviews=state.reviews,
            lapses=state.lapses,
            created_at=from_us(stored.created_us),
            is_passed_over=sides is None,
        )

    def _settle(self) -> None:
        """Derive all cards anew where the setting of how much to remember has changed.

        Raises: InvalidInput.
        """
        percent = self._settings.review_retention
        if not LEAST_RETENTION <= percent <= MOST_RETENTION:
            raise InvalidInput(
                f"the setting review_retention is {percent}", hint=f"{LEAST_RETENTION} to {MOST_RETENTION}"
            )
        with self._engine.read() as tx:
            rules = cards.rules(tx, self._context.hosted)
        if round(rules.retention * 100) != percent:
            self._derive_anew(replaced(rules, retention=percent / 100))

    def _derive_anew(self, rules: Rules) -> None:
        with self._engine.write() as tx:
            cards.put_rules(tx, self._context.hosted, rules)
            last, visible_to = 0, self._context.visible_to
            while page := cards.with_reviews(tx, last, visible_to=visible_to, limit=BATCH):
                for n, id, space, created_us, comes in page:
                    answers = cards.answers(tx, to_text(id), space=space)
                    state = schedule(id, answers, created_us=created_us, rules=rules)
                    cards.set_state(tx, n, state, comes=comes)
                last = page[-1][0]


def _id_in(text: str) -> bytes:
    """The id that a text is.

    Raises: NotFound.
    """
    try:
        return from_text(text)
    except InvalidInput:
        raise NotFound("there is no answer to take back") from None


def after_card(tx: Tx, context: Context, stored: Stored) -> None:
    """Bring up to date when a card comes: in the transaction that changed it."""
    answers, rules = cards.answers(tx, to_text(stored.id), space=stored.space), cards.rules(tx, context.hosted)
    state = schedule(stored.id, answers, created_us=stored.created_us, rules=rules)
    cards.set_state(tx, stored.n, state, comes=_comes(stored.content))


def after_review(tx: Tx, context: Context, stored: Stored) -> None:
    """Bring up to date when the card of a review comes: by that review alone where it is the latest."""
    try:
        id = from_text(stored.content.card)
    except InvalidInput:
        # What another device writes may be anything.
        return
    card = items.find(tx, CARD, id, visible_to=context.visible_to)
    if card is None:
        # It may come later, from another device; its schedule is then made from all reviews that are here.
        return
    if card.space != stored.space:
        # Somebody's review of a card that is another's counts for nothing.
        return
    state = cards.state(tx, card.n)
    last, number = cards.last_answer(tx, stored.content.card, space=card.space)
    if last is None or last.id != stored.id or state.reviews != number - 1:
        after_card(tx, context, card)
    else:
        cards.set_state(
            tx, card.n, after(card.id, state, last, cards.rules(tx, context.hosted)), comes=_comes(card.content)
        )


def _comes(content: CardContent) -> bool:
    return content.deleted_us is None and not content.suspended
