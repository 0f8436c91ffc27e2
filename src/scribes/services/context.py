"""What every service works with: the engine, who writes, what they may see, and the command being run."""

from __future__ import annotations

from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Engine
    from ..storage.meta import Identity


@record
class Context:
    """The engine, who writes here, the spaces they may see, and the name that `undo` will show for what is done."""

    engine: Engine
    me: Identity
    visible_to: tuple[int, ...]
    command: str
