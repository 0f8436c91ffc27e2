"""The assistant: a note's text in other words, looked at by a guard before anybody sees it."""

from __future__ import annotations

import time

from ..domain.paraphrase import STYLES, breaches, told
from ..domain.passages import main_passage
from ..errors import Conflict, InvalidInput
from ..ids import to_text
from ..models.assistant import Paraphrase
from .rows import find_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .. import ports
    from .context import Context

MOST_CHARACTERS = 30_000
ANSWERS = 2


class Assistant:
    """Says notes in other words. What it is asked about leaves this machine, unless the service runs on it."""

    def __init__(self, context: Context, connect: Callable[[], ports.Assistant]) -> None:
        self._context = context
        self._connect = connect

    def paraphrase(self, ref: str, *, style: str = "clear") -> Paraphrase:
        """The text of a note in fewer words (`short`) or in plainer ones (`clear`). The note stays as it is.

        Its text alone is sent: no title, no speaker, no tag that does not stand in it. An answer that breaks a rule is
        asked for once more, with the rule named. No transaction is open meanwhile; call it in none.

        Raises: NotFound, Ambiguous; InvalidInput, where no assistant is set up, it refuses, or there is nothing to say
            in other words; Unavailable, where it does not answer; Conflict, where its answers would lose or add
            something, saying what.
        """
        if style not in STYLES:
            raise InvalidInput(f"there is no style {style!r}", hint=" or ".join(STYLES))
        assistant = self._connect()
        with self._context.engine.read() as tx:
            stored = find_in(tx, ref, self._context)
        text, main = stored.content.body, main_passage(stored.content)
        if not text.strip():
            raise InvalidInput("the note has no text to say in other words", hint="a title alone is not sent")
        if len(text) > MOST_CHARACTERS:
            raise InvalidInput(
                f"the note has {len(text)} characters, and at most {MOST_CHARACTERS} are sent", hint="split the note"
            )

        from ..scripture.proper_names import proper_names

        started_s, remark = time.monotonic(), ""
        for number in range(1, ANSWERS + 1):
            answer = assistant.paraphrase(text, style=style, remark=remark)
            remark = told(breaches(text, answer, main=main, proper_names=proper_names()))
            if not remark:
                return Paraphrase(
                    note_id=to_text(stored.id),
                    revision=stored.heads.hex(),
                    style=style,
                    text=answer,
                    service=assistant.host,
                    model=assistant.model,
                    took_ms=round((time.monotonic() - started_s) * 1000),
                    answers=number,
                )
        raise Conflict(f"the paraphrase would {remark}", hint="it is not shown, and the note is as it was; try again")
