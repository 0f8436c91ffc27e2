"""Links in a text, in double brackets: reading them, and how the names in them are compared."""

from __future__ import annotations

MAX_NAME, MAX_NAMED = 200, 500
ID_DIGITS = 32


def folded(name: str) -> str:
    """A name as it is compared: capitals and white space do not matter."""
    return " ".join(name.split()).casefold()


def wiki_links(body: str) -> list[tuple[str, int, int]]:
    """The [[links]] in a text: (folded name of the target, begin, stop), in order. Code is none.

    `[[Title|shown]]` goes to Title, and so does `[[Title#Heading]]`.
    """
    found: list[tuple[str, int, int]] = []
    if "[[" not in body:
        return found
    at, fence = 0, ""
    for line in body.split("\n"):
        fence, opens = _fence(line, fence)
        if not fence and not opens and "[[" in line:
            found += [(name, at + begin, at + stop) for name, begin, stop in _in_line(line)]
        at += len(line) + 1
    return found[:MAX_NAMED]


def is_handle(name: str) -> bool:
    """Whether a folded name may be the start of a note's handle, or its id."""
    digits = name.replace("-", "")
    return (4 <= len(name) <= 12 or len(digits) == ID_DIGITS) and not set(digits) - set("0123456789abcdef")


def _fence(line: str, fence: str) -> tuple[str, bool]:
    """The fence of code that is open after a line ("" for none), and whether the line itself belongs to a fence."""
    start = line.lstrip()
    mark = start[:1]
    length = len(start) - len(start.lstrip(mark)) if mark in ("`", "~") and mark else 0
    if fence:
        closes = mark == fence[0] and length >= len(fence) and not start[length:].strip()
        return ("", True) if closes else (fence, True)
    opens = length >= 3 and not (mark == "`" and "`" in start[length:])
    return (mark * length, True) if opens else ("", False)


def _in_line(line: str) -> list[tuple[str, int, int]]:
    found: list[tuple[str, int, int]] = []
    code = _code_in(line) if "`" in line else []
    at = 0
    while (at := line.find("[[", at)) >= 0:
        while code and code[0][1] <= at:
            code.pop(0)
        if code and code[0][0] <= at:
            at = code[0][1]
            continue
        stop = line.find("]]", at + 2)
        if stop < 0:
            break
        begin = max(at, line.rfind("[[", at + 2, stop))
        name = _target(line[begin + 2 : stop])
        if name and not any(opens < stop and begin < closes for opens, closes in code[:1]):
            found.append((name, begin, stop + 2))
        at = stop + 2
    return found


def _code_in(line: str) -> list[tuple[int, int]]:
    """Where the stretches of code in a line stand: between two runs of equally many backticks."""
    runs: list[tuple[int, int]] = []
    at = line.find("`")
    while at >= 0:
        stop = at
        while stop < len(line) and line[stop] == "`":
            stop += 1
        runs.append((at, stop - at))
        at = line.find("`", stop)
    # The next run of the same length, found from behind in one pass.
    closing: list[int | None] = []
    later: dict[int, int] = {}
    for number in range(len(runs) - 1, -1, -1):
        length = runs[number][1]
        closing.append(later.get(length))
        later[length] = number
    closing.reverse()
    code: list[tuple[int, int]] = []
    number = 0
    while number < len(runs):
        close = closing[number]
        if close is None:
            number += 1
        else:
            code.append((runs[number][0], runs[close][0] + runs[close][1]))
            number = close + 1
    return code


def _target(inside: str) -> str:
    name = inside.partition("|")[0].strip()
    sharp = name.find("#", 1)
    if sharp > 0 and not name[sharp - 1].isspace():
        name = name[:sharp]
    name = folded(name)
    return name if len(name) <= MAX_NAME else ""
