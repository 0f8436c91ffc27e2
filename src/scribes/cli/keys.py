"""The keyboard, key by key: raw while entered, and put back however it is left."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, TracebackType

ENTER, BACKSPACE, ESCAPE, RESIZE, END = "enter", "backspace", "escape", "resize", "end"
STOP = "stop"
# What is pasted is one key, this and the text on one line: no line of it is taken for an order.
PASTED = "pasted "
UP, DOWN, PAGE_UP, PAGE_DOWN, ERASE_WORD, ERASE_ALL = "up", "down", "page up", "page down", "erase word", "erase all"
_NAMES = {
    "\r": ENTER, "\n": ENTER, "\x7f": BACKSPACE, "\x08": BACKSPACE, "\x04": END, "\x17": ERASE_WORD, "\x15": ERASE_ALL,
}  # fmt: skip
_SEQUENCES = {"[A": UP, "[B": DOWN, "OA": UP, "OB": DOWN, "[5~": PAGE_UP, "[6~": PAGE_DOWN}
# Written to the screen, they have the terminal tell what is pasted from what is typed.
ENTER_PASTING, LEAVE_PASTING = "\x1b[?2004h", "\x1b[?2004l"
_PASTE, _PASTE_END = "\x1b[200~", "\x1b[201~"
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-9;]*|O)?\Z")
# After ESC the rest of a key's sequence follows at once; a person is slower.
SEQUENCE_S = 0.05


class Keyboard:
    """The keys of the terminal on standard input. Ctrl-C stays an interruption; other orders to end become one."""

    def __init__(self) -> None:
        self._waiting: deque[str] = deque()
        self._partial = b""
        self._pasted: str | None = None

    def __enter__(self) -> Keyboard:
        if sys.platform == "win32":
            return self
        import termios
        import tty

        self._input = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._input)
        # A signal writes a byte to this pipe, so that waiting for a key ends when the window has changed.
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        handlers = {
            signal.SIGWINCH: self._changed,
            signal.SIGCONT: self._changed,
            signal.SIGTSTP: self._asked_to_stop,
            signal.SIGTERM: _interrupt,
            signal.SIGHUP: _interrupt,
        }
        self._handlers = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        tty.setcbreak(self._input)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if sys.platform == "win32":
            return
        import termios

        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        try:
            termios.tcsetattr(self._input, termios.TCSADRAIN, self._before)
        except termios.error:
            # The terminal went away; there is nothing to put back.
            pass
        os.close(self._woken)
        os.close(self._wake)

    def read(self) -> str:
        """The next key: a character, or the name of a key.

        `RESIZE`: the screen has to be drawn anew. `STOP`: the process is to rest, by `stop`, when the screen is left.
        """
        while not self._waiting:
            self._waiting.extend(_windows() if sys.platform == "win32" else self._posix())
        return self._waiting.popleft()

    def forget(self) -> None:
        """Drop what was typed and is not yet read."""
        self._waiting.clear()
        if sys.platform != "win32":
            import termios

            termios.tcflush(self._input, termios.TCIFLUSH)

    def stop(self) -> None:
        """Let the process rest, with the terminal as it was before, until the shell has it go on."""
        if sys.platform == "win32":
            return
        import termios

        termios.tcsetattr(self._input, termios.TCSADRAIN, self._before)
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, self._asked_to_stop)
        self._raw_again()

    def _posix(self) -> list[str]:
        import select

        ready, _, _ = select.select([self._input, self._woken], [], [])
        if self._woken in ready:
            if b"z" in os.read(self._woken, 1024):
                return [STOP]
            self._raw_again()
            return [RESIZE]
        data = self._received()
        while _UNFINISHED.search(data) and select.select([self._input], [], [], SEQUENCE_S)[0]:
            more = self._received()
            data += more
            if not more:
                break
        if not data:
            return [END]
        return self._named(data)

    def _received(self) -> bytes:
        try:
            return os.read(self._input, 4096)
        except OSError:
            return b""

    def _named(self, data: bytes) -> list[str]:
        """The keys in what was received; half a character waits for its other half."""
        import codecs

        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        text = decoder.decode(self._partial + data)
        self._partial = decoder.getstate()[0]
        keys, at = [], 0
        while at < len(text) or self._pasted:
            if self._pasted is not None:
                self._pasted, at = self._pasted + text[at:], len(text)
                pasted, is_whole, text = self._pasted.partition(_PASTE_END)
                if not is_whole:
                    break
                self._pasted, at = None, 0
                keys.append(PASTED + "".join(letter for letter in " ".join(pasted.split()) if letter.isprintable()))
            elif text.startswith(_PASTE, at):
                self._pasted, at = "", at + len(_PASTE)
            else:
                length, key = _key(text, at)
                at += length
                keys += [key] if key else []
        return keys

    def _changed(self, _number: int, _frame: FrameType | None) -> None:
        self._wake_by(b"!")

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._wake_by(b"z")

    def _wake_by(self, byte: bytes) -> None:
        try:
            os.write(self._wake, byte)
        except BlockingIOError:
            # So many changes wait already that one more makes no difference.
            pass

    def _raw_again(self) -> None:
        """After the process was stopped and goes on, the shell has put the terminal back."""
        import termios
        import tty

        # At once: the usual way throws away what was typed meanwhile.
        tty.setcbreak(self._input, termios.TCSANOW)


def _key(text: str, at: int) -> tuple[int, str]:
    """How many characters the key at a place has, and its name; none for a key that means nothing here."""
    if text[at] != "\x1b":
        name = _NAMES.get(text[at], text[at])
        return 1, name if len(name) > 1 or name.isprintable() else ""
    if at + 1 == len(text):
        return 1, ESCAPE
    if text[at + 1] not in "[O":
        return 2, ""
    end = at + 2
    while end < len(text) and not "@" <= text[end] <= "~":
        end += 1
    return end + 1 - at, _SEQUENCES.get(text[at + 1 : end + 1], "")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _windows() -> list[str]:
    import msvcrt

    letter = msvcrt.getwch()  # type: ignore[attr-defined]
    if letter == "\x03":
        raise KeyboardInterrupt
    if letter in "\x00\xe0":
        found = {"H": UP, "P": DOWN, "I": PAGE_UP, "Q": PAGE_DOWN}.get(msvcrt.getwch(), "")  # type: ignore[attr-defined]
        return [found] if found else []
    if letter == "\x1b":
        return [ESCAPE]
    return [key for key in [_key(letter, 0)[1]] if key]
