"""Which kinds of items there are, where each is defined, and what follows when one has changed."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..domain.items import Kind
    from ..ports import Tx
    from ..storage.items import Stored
    from .context import Context

# By the name that changes carry: the kind itself, and the function that brings derived columns up to date. In the order
# in which they are made anew: what a hook looks at comes before it.
HOMES = {
    "reminder": ("domain.reminders:REMINDER", "services.reminders:after_reminder"),
    "prayer": ("domain.prayers:PRAYER", "services.prayers:after_prayer"),
    "prayed": ("domain.prayers:PRAYED", "services.prayers:after_prayed"),
    "card": ("domain.reviews:CARD", "services.reviews:after_card"),
    "review": ("domain.reviews:REVIEW", "services.reviews:after_review"),
    "comment": ("domain.circles:COMMENT", "services.names:after_comment"),
    "device": ("domain.circles:DEVICE", "services.names:after_device"),
    "circle": ("domain.circles:CIRCLE", "services.names:after_circle"),
    "member": ("domain.circles:MEMBER", "services.names:after_member"),
    "membership": ("domain.circles:MEMBERSHIP", "services.names:after_membership"),
}


def kind_of(name: str) -> Kind:
    """The kind of that name."""
    found: Kind = _load(HOMES[name][0])
    return found


def after(tx: Tx, context: Context, kind: Kind, stored: Stored) -> None:
    """Bring up to date what is derived from an item that has just been written."""
    _load(HOMES[kind.name][1])(tx, context, stored)


def _load(place: str):  # type: ignore[no-untyped-def]  # a kind or a function
    module, _, name = place.partition(":")
    return getattr(import_module(f"scribes.{module}"), name)
