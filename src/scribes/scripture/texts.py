"""Bible texts at hand offline: which there are, the verses of a passage, and search over all verses."""

from __future__ import annotations

import os
from itertools import starmap

from scribes.errors import Damaged, InvalidInput, NewerFormat, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scribes.scripture.text_file import TextFile
    from scribes.scripture.word_index import WordIndex

DEFAULT = "web"
_BUNDLED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "texts")
_SUFFIX = ".scripture"
_OPEN: dict[tuple[str, int, int], TextFile] = {}
_INDEXES: dict[TextFile, WordIndex] = {}
_MAX_OPEN = 8


class Verse:
    """A verse of a text: its ordinal and its words."""

    __slots__ = ("ordinal", "text")

    def __init__(self, ordinal: int, text: str) -> None:
        self.ordinal = ordinal
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Verse) and (self.ordinal, self.text) == (other.ordinal, other.text)

    def __hash__(self) -> int:
        return hash((self.ordinal, self.text))

    def __repr__(self) -> str:
        return f"Verse({self.ordinal}, {self.text!r})"


class Translation:
    """What is known of a text: its code, name, language, licence, source, number of verses, and where it lies."""

    __slots__ = ("code", "is_bundled", "language", "licence", "name", "path", "source", "verses")

    def __init__(self, path: str, about: dict[str, str], *, is_bundled: bool) -> None:
        self.path = path
        self.is_bundled = is_bundled
        self.code = about.get("code", "")
        self.name = about.get("name", self.code)
        self.language = about.get("language", "")
        self.licence = about.get("licence", "")
        self.source = about.get("source", "")
        verses = about.get("verses", "")
        self.verses = int(verses) if verses.isdecimal() else 0

    def __repr__(self) -> str:
        return f"Translation({self.code!r}, {self.name!r})"


def available(folder: str | os.PathLike[str] | None = None) -> list[Translation]:
    """Return the bundled texts, the default first, then those added to `folder`, by code.

    An added text hides a bundled one of the same code; a file that is no whole text is passed over.
    """
    from scribes.scripture.text_file import load_about

    found: dict[str, Translation] = {}
    for place, is_bundled in ((_BUNDLED, True), (folder, False)):
        for path in _files(place):
            try:
                found[_code(path)] = Translation(path, load_about(path), is_bundled=is_bundled)
            except (Damaged, NewerFormat, OSError):
                # One bad file must not hide the others; reading it says what is wrong.
                continue
    return sorted(found.values(), key=lambda text: (not text.is_bundled, text.code != DEFAULT, text.code))


def named(code: str, folder: str | os.PathLike[str] | None = None) -> Translation | None:
    """Return what is known of the text with a code, without looking at the others, or None.

    Raises:
        Damaged: its file is not a whole text.
    """
    from scribes.scripture.text_file import load_about

    path = _place(code.lower(), folder)
    if path is None:
        return None
    return Translation(path, load_about(path), is_bundled=os.path.dirname(path) == _BUNDLED)


def read(
    start: int, end: int, *, translation: str = DEFAULT, folder: str | os.PathLike[str] | None = None
) -> list[Verse]:
    """Return the verses a text has in a passage, in order; none where the text lacks the passage.

    A psalm's title is its verse 0 and comes only where `start` names it.

    Raises:
        InvalidInput: the passage ends before it starts.
        NotFound: there is no such text.
    """
    if end < start:
        raise InvalidInput(f"the passage ends ({end}) before it starts ({start})")
    return list(starmap(Verse, _open(translation, folder).read(start, end)))


def search(
    words: str,
    *,
    translation: str = DEFAULT,
    limit: int = 20,
    within: tuple[int, int] | None = None,
    folder: str | os.PathLike[str] | None = None,
) -> list[Verse]:
    """Return the verses that fit the words best, best first; words in double quotes have to stand side by side.

    Raises:
        NotFound: there is no such text.
    """
    from scribes.scripture import text_search

    text = _open(translation, folder)
    found = text_search.search(text, _index(text), words, limit=limit, within=within)
    return [Verse(ordinal, text.chapter(ordinal // 1000)[ordinal % 1000]) for ordinal in found]


def weighed(
    words: str,
    *,
    limit: int,
    translation: str = "web",
    within: tuple[int, int] | None = None,
    folder: str | os.PathLike[str] | None = None,
) -> tuple[dict[int, float], set[int]]:
    """Return the verses that have any of the words, by ordinal with their bm25, and those of them that have all words.

    Raises:
        NotFound: there is no such text.
    """
    from scribes.scripture import text_search

    text = _open(translation, folder)
    return text_search.weighed(text, _index(text), words, limit=limit, within=within)


def vocabulary(translation: str = "web") -> list[str]:
    """Return the words of a text in small letters, sorted.

    Raises:
        NotFound: there is no such text.
    """
    return _index(_open(translation, None)).words


def _files(place: str | os.PathLike[str] | None) -> list[str]:
    if place is None or not os.path.isdir(place):
        return []
    return [os.path.join(place, name) for name in sorted(os.listdir(place)) if name.endswith(_SUFFIX)]


def _code(path: str) -> str:
    return os.path.basename(path)[: -len(_SUFFIX)]


def _open(translation: str, folder: str | os.PathLike[str] | None) -> TextFile:
    path = _place(translation.lower(), folder)
    if path is not None:
        return _opened(path, os.stat(path))
    known = ", ".join(text.code for text in available(folder))
    raise NotFound(f"there is no text {translation!r}", hint=f"texts at hand: {known}; scribes bible add adds one")


def _place(code: str, folder: str | os.PathLike[str] | None) -> str | None:
    """Return where the text with a code lies: an added one hides a bundled one. A code is no path."""
    if code.isalnum() or code.replace("-", "").replace("_", "").isalnum():
        for place in (folder, _BUNDLED):
            if place is not None and os.path.isfile(path := os.path.join(place, code + _SUFFIX)):
                return path
    return None


def _opened(path: str, stat: os.stat_result) -> TextFile:
    # By time and size too: a text that was added again is read again.
    key = (path, stat.st_mtime_ns, stat.st_size)
    text = _OPEN.get(key)
    if text is None:
        from scribes.scripture.text_file import load

        text = load(path)
        if len(_OPEN) >= _MAX_OPEN:
            _OPEN.clear()
            _INDEXES.clear()
        _OPEN[key] = text
    return text


def _index(text: TextFile) -> WordIndex:
    index = _INDEXES.get(text)
    if index is None:
        from scribes.scripture import word_index

        path = text.path.removesuffix(_SUFFIX) + word_index.SUFFIX
        try:
            with open(path, "rb") as file:
                index = word_index.WordIndex(path, file.read())
        except (FileNotFoundError, Damaged):
            index = None
        if index is None or index.stamp != text.stamp:
            # The index can always be made again from the text: a second of work, and nothing to complain about.
            index = word_index.WordIndex(path, word_index.pack(text.all_slots(), text.stamp))
        _INDEXES[text] = index
    return index
