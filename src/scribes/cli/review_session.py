"""The review session: one card on the screen, answered by single keys; the terminal is afterwards as it was before."""

from __future__ import annotations

import sys
import time

from ..errors import ScribesError
from . import keys
from .output import BOLD, CYAN, DIM, GREEN, RED, YELLOW, cells, counted, fit, height, safe, say, style, width, write
from .verses import READABLE, wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..domain.recitation import Word
    from ..models.reviews import Answered, ReviewCard
    from ..wiring import Scribes
    from .session import Session

READ, LETTERS, TYPED = MODES = ("read", "letters", "typed")
NEXT_MODE = {READ: LETTERS, LETTERS: TYPED, TYPED: READ}
MODE_NAMES = {READ: "read", LETTERS: "first letters", TYPED: "type it out"}
RATINGS = {"1": 1, "2": 2, "3": 3, "4": 4, "a": 1, "h": 2, "g": 3, "e": 4}
NAMES = ("again", "hard", "good", "easy")
COLORS = (RED, YELLOW, GREEN, CYAN)
# Another screen, so that the person's own is there again afterwards; it is wiped for terminals that have only one.
ENTER_SCREEN = "\x1b[?1049h\x1b[?25l" + keys.ENTER_PASTING
LEAVE_SCREEN = keys.LEAVE_PASTING + "\x1b[H\x1b[J\x1b[?25h\x1b[?1049l"
MARGIN = "  "
MOST_MS = 600_000


class ReviewSession:
    """A session over what is due. Every answer is kept at once, so that it can be left at any moment."""

    def __init__(self, session: Session, vault: Scribes) -> None:
        self._session = session
        self._vault = vault
        self._answered: list[Answered] = []
        self._skipped: list[str] = []
        self._mode = READ
        self._remark = ""
        self._to_do = self._streak = 0
        self._is_over = False

    def run(self) -> int:
        """Show card after card until nothing is due or the person leaves.

        Raises: KeyboardInterrupt, when the person leaves by it; the answers are kept and it was said.
        """
        if not self._go_on():
            say(self._session, nothing_due(self._vault))
            return 0
        interrupted = False
        with keys.Keyboard() as self._keyboard:
            sys.stdout.write(ENTER_SCREEN)
            try:
                while not self._is_over:
                    self._draw()
                    self._press(self._keyboard.read())
            except KeyboardInterrupt:
                interrupted = True
            finally:
                sys.stdout.write(LEAVE_SCREEN)
                sys.stdout.flush()
        self._say_goodbye()
        if interrupted:
            raise KeyboardInterrupt
        return 0

    def _go_on(self) -> bool:
        """Show the card that is due next; False, and the session is over, where there is none."""
        due = self._vault.reviews.due(limit=1, skip=self._skipped)
        self._to_do, self._streak = self._vault.reviews.to_do()
        self._is_over = not due
        if due:
            self._begin(due[0])
        return bool(due)

    def _begin(self, card: ReviewCard) -> None:
        self._card = card
        self._is_turned, self._shown, self._from = False, 0, 0
        self._typed = ""
        self._compared: list[Word] = []
        self._began_s = time.monotonic()

    def _press(self, key: str) -> None:
        """Do what a key means on what is shown."""
        if key == keys.RESIZE:
            # The window may have changed while another program had it.
            sys.stdout.write(ENTER_SCREEN)
        elif key == keys.STOP:
            self._rest()
        elif key == keys.END:
            self._is_over = True
        elif not self._scrolled(key):
            self._remark = ""
            if self._is_typing():
                self._type(key)
            else:
                self._command(key)

    def _rest(self) -> None:
        """Give the screen back to the shell until it has the session go on."""
        sys.stdout.write(LEAVE_SCREEN)
        sys.stdout.flush()
        self._keyboard.stop()
        sys.stdout.write(ENTER_SCREEN)

    def _command(self, key: str) -> None:
        rating = self._rating(key) if self._is_turned else 0
        if key == "q":
            self._is_over = True
        elif key == "s":
            self._skipped.append(self._card.card.id)
            self._go_on()
        elif key == "u":
            self._undo()
        elif rating:
            self._answer(rating)
        elif not self._is_turned and key == "m" and self._card.card.kind == "verse":
            self._mode = NEXT_MODE[self._mode]
            self._begin(self._card)
        elif not self._is_turned and key in (" ", keys.ENTER):
            self._turn(key)

    @property
    def _way(self) -> str:
        """How this card is asked: the modes are for verses."""
        return self._mode if self._card.card.kind == "verse" else READ

    def _is_typing(self) -> bool:
        return self._way == TYPED and not self._is_turned

    def _turn(self, key: str) -> None:
        """Show the back; in the first letters, by space a word more."""
        if self._way == LETTERS and key == " ":
            from ..domain.recitation import count_words

            self._shown += 1
            if self._shown < count_words(self._card.back):
                return
        self._is_turned, self._from = True, 0

    def _type(self, key: str) -> None:
        if key == keys.ENTER:
            from ..domain.recitation import compare

            self._compared = compare(self._card.back, self._typed)
            self._is_turned, self._from = True, 0
            # Lines that a terminal pasted as if they were typed would answer the card.
            self._keyboard.forget()
        elif key == keys.ESCAPE:
            self._mode = READ
            self._begin(self._card)
        elif key == keys.BACKSPACE:
            self._typed = self._typed[:-1]
        elif key == keys.ERASE_WORD:
            self._typed = self._typed.rstrip()
            self._typed = self._typed[: self._typed.rfind(" ") + 1]
        elif key == keys.ERASE_ALL:
            self._typed = ""
        elif len(key) == 1 or key.startswith(keys.PASTED):
            self._typed += key.removeprefix(keys.PASTED)

    def _rating(self, key: str) -> int:
        """The answer that a key means; enter takes the one that is proposed. 0 is none."""
        return self._proposed() if key == keys.ENTER else RATINGS.get(key, 0)

    def _proposed(self) -> int:
        """What the recitation deserves; nothing is proposed where none was typed."""
        from ..domain.recitation import proposed

        return proposed(self._compared) if self._compared else 0

    def _answer(self, rating: int) -> None:
        took_ms = min(int((time.monotonic() - self._began_s) * 1000), MOST_MS)
        card = self._card.card
        try:
            self._answered.append(self._vault.reviews.answer(card.id, rating, took_ms=took_ms, mode=self._way))
        except ScribesError as e:
            # Another window or program may have suspended or removed it since it was shown.
            self._remark = e.message
        self._go_on()

    def _undo(self) -> None:
        """Take the last answer of this session back, and show its card again."""
        if not self._answered:
            self._remark = "nothing was answered yet"
            return
        self._remark = "the last answer is taken back"
        try:
            card = self._vault.reviews.undo(self._answered.pop().review)
            self._begin(self._vault.reviews.card(card.id))
        except ScribesError as e:
            self._remark = e.message
        self._to_do, self._streak = self._vault.reviews.to_do()

    def _scrolled(self, key: str) -> bool:
        step = {keys.UP: -1, keys.DOWN: 1, keys.PAGE_UP: -self._room, keys.PAGE_DOWN: self._room}.get(key)
        if step is not None:
            self._from = max(0, min(self._from + step, self._lines - self._room))
        return step is not None

    # What is seen

    def _draw(self) -> None:
        columns, lines = width(), height()
        body = [MARGIN + line for line in self._body(min(columns - 4, READABLE))]
        foot = self._foot(columns)
        self._room = max(1, lines - len(foot) - 4)
        self._lines = len(body)
        if self._is_typing():
            self._from = self._lines
        self._from = max(0, min(self._from, self._lines - self._room))
        shown = body[self._from : self._from + self._room]
        hidden = self._lines - self._from - len(shown)
        more = style(self._session, f"{MARGIN}↓ {hidden} more lines", DIM) if hidden > 0 else ""
        page = [self._head(columns), "", *shown, *[""] * (self._room - len(shown)), more, *foot]
        sys.stdout.write("\x1b[H" + "\n".join(f"{line}\x1b[K" for line in page[:lines]) + "\x1b[J")
        sys.stdout.flush()

    def _head(self, columns: int) -> str:
        card = self._card.card
        number = len(self._answered) + len(self._skipped) + 1
        left = max(1, self._to_do - len(self._skipped))
        parts = [f"{number} of {number + left - 1}"]
        parts += [f"streak {counted(self._streak, 'day')}"] if self._streak else []
        parts += [MODE_NAMES[self._way]] if card.kind == "verse" else []
        parts += [card.state if card.state in ("new", "relearning") else ""]
        return style(self._session, MARGIN + fit(" · ".join(filter(None, parts)), columns - 4).rstrip(), DIM)

    def _body(self, columns: int) -> list[str]:
        first, *rest = safe(self._session, self._card.front).split("\n")
        lines = [style(self._session, line, BOLD) for line in wrapped(first, columns)]
        lines += [style(self._session, line, DIM) for line in rest]
        if self._is_turned:
            return [*lines, "", *self._back(columns)]
        if self._way == LETTERS:
            from ..domain.recitation import first_letters

            return [*lines, "", *self._paragraphs(first_letters(self._card.back, shown=self._shown), columns)]
        if self._way == TYPED:
            return [*lines, "", *wrapped(safe(self._session, self._typed) + "▏", columns)]
        return lines

    def _back(self, columns: int) -> list[str]:
        if self._compared:
            return _diff_lines(self._session, self._compared, columns)
        if self._card.card.kind == "note":
            from .markdown import rendered

            return rendered(safe(self._session, self._card.back), width=columns, color=self._session.color)
        return self._paragraphs(self._card.back, columns)

    def _paragraphs(self, text: str, columns: int) -> list[str]:
        return [line for part in safe(self._session, text).split("\n") for line in wrapped(part, columns)]

    def _foot(self, columns: int) -> list[str]:
        """What the keys do; the answers with when the card would come back."""
        if self._is_typing():
            return [self._said(), *self._help("enter compares", "esc reads instead", "ctrl-c quits")]
        usual = ("u undo", "s skip", "q quit")
        if not self._is_turned:
            show = "space a word, enter the whole" if self._way == LETTERS else "space shows the answer"
            mode = [f"m {MODE_NAMES[NEXT_MODE[self._mode]]}"] if self._card.card.kind == "verse" else []
            return [self._said(), *self._help(show, *mode, *usual)]
        answers = [
            (f"{number} {NAMES[number - 1]} ", in_words(seconds), COLORS[number - 1])
            for number, seconds in enumerate(self._card.intervals_s, 1)
        ]
        shown = [style(self._session, name, color) + interval for name, interval, color in answers]
        is_wide = sum(len(name + interval) + 3 for name, interval, _ in answers) <= columns - 2
        return [
            self._verdict(),
            *(MARGIN + line for line in (["   ".join(shown)] if is_wide else shown)),
            *self._help(*usual),
        ]

    def _verdict(self) -> str:
        """What the recitation deserves, in words; else the remark."""
        if not self._compared:
            return self._said()
        right = sum(word.kind == "right" for word in self._compared)
        proposed = NAMES[self._proposed() - 1]
        said = f"{right} of {len(self._compared)} words right: {proposed}? enter takes it"
        return style(self._session, fit(MARGIN + said, width() - 1).rstrip(), BOLD)

    def _said(self) -> str:
        return style(self._session, MARGIN + self._remark, YELLOW) if self._remark else ""

    def _help(self, *parts: str) -> list[str]:
        """What keys do, on as many lines as it takes."""
        lines = [MARGIN + parts[0]]
        for part in parts[1:]:
            if len(lines[-1]) + 3 + len(part) < width():
                lines[-1] += f"   {part}"
            else:
                lines.append(MARGIN + part)
        return [style(self._session, line, DIM) for line in lines]

    def _say_goodbye(self) -> None:
        """What was done, and when it goes on."""
        number = len(self._answered)
        if number:
            right = sum(one.rating > 1 for one in self._answered)
            _, streak = self._vault.reviews.to_do()
            days = f"; streak {counted(streak, 'day')}" if streak else ""
            write(self._session, [f"{counted(number, 'card')} reviewed, {right} right{days}; all answers are kept"])
        else:
            write(self._session, ["no card was answered"])
        left = self._vault.reviews.to_do()[0] if self._vault.reviews.due(limit=1) else 0
        more = f"{left} more {'is' if left == 1 else 'are'} due: scribes review"
        say(self._session, more if left else nothing_due(self._vault))


def nothing_due(vault: Scribes) -> str:
    """A remark that nothing is due, and when the next card comes back."""
    status = vault.reviews.status()
    if not status.cards:
        return 'there are no cards yet: scribes review add "Rom 8:28" makes one'
    if status.next_at is None:
        return "nothing is due"
    from datetime import datetime

    now, at = datetime.now().astimezone(), status.next_at.astimezone()
    days = (at.date() - now.date()).days
    when = f"at {at:%H:%M}" if not days else "tomorrow" if days == 1 else f"on {at:%Y-%m-%d}"
    seconds = int((at - now).total_seconds())
    return f"nothing is due; the next card comes back {f'in {in_words(seconds)}' if seconds < 3600 else when}"


def in_words(seconds: int) -> str:
    """A stretch of time in the unit that fits: 10 min, 8 days, 2.5 months."""
    if seconds < 60:
        return f"{max(1, seconds)} s"
    if seconds < 3600:
        return f"{round(seconds / 60)} min"
    days = seconds / 86_400
    if days < 1:
        return counted(round(seconds / 3600), "hour")
    if days < 60:
        return counted(round(days), "day")
    return f"{days / 30.4:.1f} months" if days < 365 else f"{days / 365.25:.1f} years"


def _diff_lines(session: Session, compared: list[Word], columns: int) -> list[str]:
    """Typed words against the text: ~typed~ was wrong or too much, [expected] is what should stand there."""
    lines: list[str] = []
    line: list[str] = []
    used = 0
    for word in compared:
        pieces = [(f"~{safe(session, word.typed)}~", RED)] if word.typed and word.kind != "right" else []
        pieces += [(f"[{safe(session, word.expected)}]", GREEN)] if word.expected and word.kind != "right" else []
        for text, color in pieces or [(safe(session, word.expected), "")]:
            if line and used + 1 + cells(text) > columns:
                lines.append(" ".join(line))
                line, used = [], 0
            line.append(style(session, text, color) if color else text)
            used += cells(text) + (used > 0)
    return [*lines, " ".join(line)]
