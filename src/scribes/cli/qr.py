"""A QR code as lines of a terminal: two rows of it on each."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .session import Session

# What many cameras need around it is four; two are enough on a screen.
BORDER = 2
# The upper and the lower half of a letter's cell, dark or light.
HALVES = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}
BLACK_ON_WHITE = "30;107"


def qr_lines(session: Session, text: str) -> list[str]:
    """The QR code of a text. Without colours the light squares are drawn, as on the dark ground of most terminals."""
    import segno

    rows = [[bool(one) for one in row] for row in segno.make(text, micro=False, error="m").matrix_iter(border=BORDER)]
    if not session.color:
        rows = [[not dark for dark in row] for row in rows]
    rows += [[not session.color] * len(rows[0])] * (len(rows) % 2)
    lines = ["".join(HALVES[pair] for pair in zip(*rows[at : at + 2], strict=True)) for at in range(0, len(rows), 2)]
    return [f"\x1b[{BLACK_ON_WHITE}m{line}\x1b[0m" for line in lines] if session.color else lines
