"""Exports: every note as files that other programs read. These files are not encrypted."""

from __future__ import annotations

import os
import shutil

from .. import frontmatter
from ..canonical import encode
from ..errors import AlreadyExists, InvalidInput
from ..files import from_os_error
from ..records import as_data
from .notes import Notes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..models.notes import Note
    from ..ports import Progress
    from .context import Context

    Write = Callable[[str, Iterable[Note]], Iterable[None]]

MAX_SLUG = 60
JSON_NAME = "notes.json"


class Exports:
    """Writing all notes outside the trash to a folder."""

    def __init__(self, context: Context) -> None:
        self._notes = Notes(context)

    def markdown(self, folder: str, *, force: bool = False, progress: Progress | None = None) -> int:
        """How many notes were written, one Markdown file with front matter each. Importing them gives them back.

        Raises: AlreadyExists (the folder holds something and `force` is off), InvalidInput, StorageFull.
        """

        def write(target: str, notes: Iterable[Note]) -> Iterable[None]:
            for note in notes:
                with open(os.path.join(target, file_name(note)), "w", encoding="utf-8", newline="\n") as file:
                    file.write(frontmatter.write(note))
                yield

        return self._export(folder, write, progress, force=force)

    def json(self, folder: str, *, force: bool = False, progress: Progress | None = None) -> int:
        """How many notes were written to `notes.json`, one object with all fields each, oldest first.

        Raises: AlreadyExists, InvalidInput, StorageFull.
        """

        def write(target: str, notes: Iterable[Note]) -> Iterable[None]:
            with open(os.path.join(target, JSON_NAME), "w", encoding="utf-8", newline="\n") as file:
                file.write("[")
                for number, note in enumerate(notes):
                    file.write(",\n" if number else "\n")
                    file.write(encode(as_data(note)))
                    yield
                file.write("\n]\n")

        return self._export(folder, write, progress, force=force)

    def packed(self, format: str, *, progress: Progress | None = None) -> Iterator[bytes]:
        """A zip of all notes, piece by piece: `markdown`, a file each, or `json`, all in one.

        Raises: InvalidInput.
        """
        from .archives import packed

        total = self._notes.count()
        return packed(self._notes.each(), format, lambda done: progress(done, total) if progress else None)

    def _export(self, folder: str, write: Write, progress: Progress | None, *, force: bool) -> int:
        """Write into a folder beside the target, and only when all is there give it the target's name."""
        target = os.path.abspath(os.path.expanduser(folder))
        _check(target, folder, force=force)
        beside = f"{target.rstrip(os.sep)}.{os.getpid()}.part"
        total, done = self._notes.count(), 0
        try:
            # Readable by nobody else: what is written here is not encrypted.
            os.makedirs(beside, mode=0o700)
            for _ in write(beside, self._notes.each()):
                done += 1
                if progress:
                    progress(done, total)
            _put_in_place(beside, target)
        except OSError as e:
            raise from_os_error(e, folder) from e
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        return done


def _check(target: str, folder: str, *, force: bool) -> None:
    if os.path.isdir(target):
        if not force and os.listdir(target):
            raise AlreadyExists(f"{folder} is not empty", hint="another folder, or --force to write into it")
    elif os.path.lexists(target):
        raise InvalidInput(f"{folder} is not a folder")


def _put_in_place(beside: str, target: str) -> None:
    if os.path.isdir(target):
        for name in os.listdir(beside):
            os.replace(os.path.join(beside, name), os.path.join(target, name))
    else:
        os.rename(beside, target)


def file_name(note: Note) -> str:
    """A file name that sorts by day, tells the title and is safe on every system; the handle keeps it unique."""
    letters = [letter if letter.isalnum() else "-" for letter in note.heading.casefold()]
    slug = "-".join(filter(None, "".join(letters).split("-")))
    while len(slug.encode()) > MAX_SLUG * 2 or len(slug) > MAX_SLUG:
        slug = slug[:-1]
    return f"{note.occurred_at.date().isoformat()}-{slug.strip('-') or 'note'}-{note.id[-12:]}.md"
