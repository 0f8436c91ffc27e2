"""What an assistant gives, as plain data."""

from __future__ import annotations

from ..records import record


@record
class Paraphrase:
    """A note's text in other words, which has passed the guard; the note is as it was.

    `revision` is that of the note it was made of: hand it back with an edit to be told of a change made meanwhile.
    `style` is short or clear. `service` is the host to which the text was sent, `model` what answered there; `took_ms`
    is how long it took, over all `answers` (two, where the first broke a rule).
    """

    note_id: str
    revision: str
    style: str
    text: str
    service: str
    model: str
    took_ms: int
    answers: int
