"""Writing in the editor: the vault is open before it starts, and what is typed is kept as an encrypted draft.

The editor needs a plain file. It lies in memory (the runtime folder or /dev/shm) where the system has that, in a
folder of its own that nobody else can enter, and is gone when the editor is. While the editor runs, each save is put
into the vault as a draft within a second; what a killed Scribes leaves behind is found the next time.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

from .. import frontmatter
from ..canonical import blake2b
from ..errors import InvalidInput, NotFound, ScribesError
from ..models.notes import NewNote, NotePatch
from ..records import fields
from .capture import composed
from .output import say
from .prompts import without_secrets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

    from ..models.notes import Note
    from ..wiring import Scribes
    from .session import Session

EDITORS = ("nano", "vim", "vi", "notepad")
POLL_S, ENDING_S = 0.5, 3.0
FOLDER_PREFIX, FILE_NAME = "scribes-draft-", "note.md"


class Interrupted(ScribesError):
    """The terminal went away or the process was told to end while the editor ran."""


def add_in_editor(session: Session, text: str, details: NewNote) -> Note | None:
    """The note written in the editor; None when nothing was written."""
    with session.open() as vault:
        draft = vault.drafts.begin(text)
        typed = _edited(session, vault, text, draft)
        if not typed.strip():
            vault.drafts.discard(draft)
            say(session, "nothing written, nothing saved")
            return None
        with _KeptDraft(draft):
            return vault.notes.add_new(composed(typed, details), draft=draft)


def change_in_editor(session: Session, vault: Scribes, note: Note) -> Note:
    """The note as the editor left it; a note changed meanwhile by another process is not overwritten.

    Raises: Conflict, InvalidInput; what was typed is then among the drafts.
    """
    shown = frontmatter.write(note, with_id=False)
    number = vault.drafts.begin(shown, note_id=note.id, revision=note.revision)
    return _changed(session, vault, note, shown, number)


def resume(session: Session, vault: Scribes, number: int) -> Note | None:
    """A draft taken up again in the editor."""
    recover_leftovers(vault)
    draft = vault.drafts.get(number)
    if draft.note_id is not None:
        note = vault.notes.get(draft.note_id)
        if note.revision != draft.revision:
            say(session, "the note was changed since: what you save now replaces that, and its history keeps both")
        return _changed(session, vault, note, draft.text, number)
    typed = _edited(session, vault, draft.text, number)
    if not typed.strip():
        say(session, "nothing written; the draft is kept")
        return None
    with _KeptDraft(number):
        return vault.notes.add_new(composed(typed, NewNote()), draft=number)


def _changed(session: Session, vault: Scribes, note: Note, shown: str, number: int) -> Note:
    typed = _edited(session, vault, shown, number)
    if typed == shown and vault.drafts.get(number).text == frontmatter.write(note, with_id=False):
        vault.drafts.discard(number)
        return note
    with _KeptDraft(number):
        return vault.notes.change(note.id, patch_of(typed), at=note.revision, draft=number)


def patch_of(typed: str) -> NotePatch:
    """What a text with front matter says of a note.

    Raises: InvalidInput.
    """
    if not typed.lstrip("\n").startswith(frontmatter.FENCE):
        raise InvalidInput(
            "the front matter is gone", hint="keep the lines between the two ---; the text is kept: scribes drafts"
        )
    new = frontmatter.read(typed.lstrip("\n"))
    return NotePatch(**fields(new))


def recover_leftovers(vault: Scribes) -> None:
    """Put what killed processes left in plain files into their drafts, and remove the files."""
    prefix = _prefix(vault)
    for parent in _folders():
        for name in _entries(parent, prefix):
            folder = os.path.join(parent, name)
            number, _, rest = name.removeprefix(prefix).partition("-")
            pid = rest.partition("-")[0]
            if not (number.isdecimal() and pid.isdecimal()) or _is_alive(int(pid)) or not _is_ours(folder):
                continue
            try:
                vault.drafts.get(int(number))
                vault.drafts.keep(int(number), _read(os.path.join(folder, FILE_NAME)))
            except NotFound:
                # It was saved or thrown away meanwhile; what is left of it must not stay in plain.
                pass
            except (ScribesError, OSError):
                continue
            shutil.rmtree(folder, ignore_errors=True)


class _KeptDraft:
    """Adds to an error that what was typed is kept, and how to take it up again."""

    def __init__(self, draft: int) -> None:
        self._draft = draft

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ScribesError):
            error.hint = f"what you typed is kept: scribes drafts resume {self._draft}"


def _edited(session: Session, vault: Scribes, text: str, draft: int) -> str:
    """What the editor leaves of a text; every save on the way goes into the draft.

    Raises: ScribesError, when the editor cannot be run or ends with an error. The plain file is removed only when what
    was typed is in the vault.
    """
    recover_leftovers(vault)
    folder = tempfile.mkdtemp(prefix=f"{_prefix(vault)}{draft}-{os.getpid()}-", dir=_folders()[0])
    path = os.path.join(folder, FILE_NAME)
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    try:
        with _EndSignals():
            status = _run([*_command(session), path], vault, path, draft)
        typed = _read(path)
        if typed != text:
            vault.drafts.keep(draft, typed)
    except FileNotFoundError as e:
        raise ScribesError("the editor removed the file", hint=f"scribes drafts resume {draft}") from e
    except ScribesError as e:
        if isinstance(e, Interrupted):
            # An editor that was ended may have left a file of its own (vim's swap file): that is not ours to remove.
            if set(os.listdir(folder)) <= {FILE_NAME, FILE_NAME + ".save"}:
                _remove(folder)
            raise
        if not _is_kept(vault, draft, path):
            e.hint = f"what you typed is in {path}: copy it before you restart this machine"
            raise
        _remove(folder)
        raise
    _remove(folder)
    if status:
        raise _left_with_error(vault, draft, status, untouched=typed == text)
    return typed


def _left_with_error(vault: Scribes, draft: int, status: int, *, untouched: bool) -> ScribesError:
    message = f"the editor ended with status {status}"
    if untouched and (vault.drafts.get(draft).note_id or not vault.drafts.get(draft).text.strip()):
        vault.drafts.discard(draft)
        return ScribesError(message, hint="nothing was typed, nothing was changed")
    return ScribesError(message, hint=f"what you typed is kept: scribes drafts resume {draft}")


def _is_kept(vault: Scribes, draft: int, path: str) -> bool:
    """Whether the draft in the vault holds what the editor's file holds."""
    try:
        return vault.drafts.get(draft).text == _read(path)
    except (ScribesError, OSError):
        return False


def _remove(folder: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[str], vault: Scribes, path: str, draft: int) -> int:
    """Run the editor to its end, keeping each save as a draft; its exit status."""
    try:
        process = subprocess.Popen(command, env=without_secrets())
    except OSError as e:
        raise InvalidInput(
            f"the editor {command[0]!r} cannot be run", hint="set $EDITOR, or `editor` in the settings"
        ) from e
    seen = os.stat(path).st_mtime_ns
    while True:
        try:
            return process.wait(timeout=POLL_S)
        except subprocess.TimeoutExpired:
            try:
                changed = os.stat(path).st_mtime_ns
                if changed != seen:
                    vault.drafts.keep(draft, _read(path))
                    seen = changed
            except (OSError, InvalidInput):
                # Between two steps of the editor's own saving; the next look finds it.
                continue
        except Interrupted:
            process.terminate()
            try:
                process.wait(timeout=ENDING_S)
            except subprocess.TimeoutExpired:
                process.kill()
            # nano puts what was not saved beside the file, under this name.
            saved = path + ".save"
            vault.drafts.keep(draft, _read(saved if os.path.exists(saved) else path))
            raise


class _EndSignals:
    """While entered, an order to end becomes an error that leaves the draft in order; Ctrl-C is the editor's."""

    NAMES = ("SIGHUP", "SIGTERM")

    def __enter__(self) -> None:
        self._before = {}
        for name in self.NAMES:
            if hasattr(signal, name):
                self._before[name] = signal.signal(getattr(signal, name), self._end)
        self._interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        for name, handler in self._before.items():
            signal.signal(getattr(signal, name), handler)
        signal.signal(signal.SIGINT, self._interrupt)

    @staticmethod
    def _end(_number: int, _frame: FrameType | None) -> None:
        raise Interrupted("stopped while the editor was open", hint="what you typed is kept: scribes drafts")


def _command(session: Session) -> list[str]:
    named = session.settings.editor or os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if named:
        try:
            return shlex.split(named)
        except ValueError as e:
            raise InvalidInput(f"the editor {named!r} cannot be read: {e}", hint="set $EDITOR") from e
    found = next((editor for editor in EDITORS if shutil.which(editor)), None)
    if found is None:
        raise InvalidInput("no editor is known", hint='set $EDITOR, or give the text: scribes add "…"')
    return [found]


def _folders() -> list[str]:
    """Where the editor's file may lie, the best first: folders in memory, then the system's for temporary files."""
    candidates = [os.environ.get("XDG_RUNTIME_DIR", ""), "/dev/shm"] if sys.platform == "linux" else []  # noqa: S108
    usable = [folder for folder in candidates if folder and os.path.isdir(folder) and os.access(folder, os.W_OK)]
    return [*usable, tempfile.gettempdir()]


def _prefix(vault: Scribes) -> str:
    """How the folders of this vault's drafts begin: another vault's draft 1 is another text."""
    return f"{FOLDER_PREFIX}{blake2b(vault.path.encode(), digest_size=6).hexdigest()}-"


def _entries(parent: str, prefix: str) -> list[str]:
    try:
        return [name for name in os.listdir(parent) if name.startswith(prefix)]
    except OSError:
        return []


def _is_ours(folder: str) -> bool:
    """Whether a folder is a real one that belongs to us: another person could have put a link in its place."""
    status = os.lstat(folder)
    return not os.path.islink(folder) and (not hasattr(os, "getuid") or status.st_uid == os.getuid())


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _read(path: str) -> str:
    with open(path, "rb") as file:
        data = file.read()
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as e:
        raise InvalidInput("what the editor saved is not UTF-8 text", hint="save it as UTF-8") from e
