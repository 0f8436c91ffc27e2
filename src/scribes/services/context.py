"""What every service works with: the engine, who writes, what they may see, and the command being run."""

from __future__ import annotations

from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Engine
    from ..storage.meta import Identity


class HeldKey:
    """The data key of an open vault: one holder for all, so that after a rotation nobody has the old one."""

    def __init__(self, value: bytes) -> None:
        self.value = value


@record
class Context:
    """The engine and its data key, who writes here, the spaces they may see, the name `undo` will show, and how many
    reminders and cards were due when it was opened. `hosted` is the key of the person on a server; 0 in a vault. `zone`
    is the time zone by which the person's days are counted; empty, that of this machine.
    """

    engine: Engine
    key: HeldKey
    me: Identity
    visible_to: tuple[int, ...]
    command: str
    due_at_opening: tuple[int, int] = (0, 0)
    hosted: int = 0
    zone: str = ""
