"""Joining a circle: reading an invitation, verifying the log it leads to, and coming in with its secret."""

from __future__ import annotations

from ..crypto.control import admitted, body_of, control_number, epoch_key_in, proof, wraps, written
from ..crypto.devices import keys_from_secret
from ..crypto.envelope import CONTROL, FIRST, parse
from ..crypto.keys import normal_code
from ..domain.keyring import CIRCLE, Keyring
from ..errors import Busy, Damaged, Forbidden, InvalidInput, NotFound, Outrun, ScribesError
from ..records import replaced
from ..storage import logs, spaces
from . import own_spaces
from .log_pages import each_page
from .proofs import proof_of_invitation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..crypto.envelope import Entry
    from ..ports import Remote
    from ..storage.spaces import RemotePlace, Space
    from .account import Account
    from .context import Context

SECRET_CHARS, TRIES = 32, 8
INVITATION = b"scribes.invite"
SCHEME, AT_SERVER = "scribes://join/", "/j/"
PAGE_BYTES = 4 * 1024 * 1024


def let_oneself_in(
    context: Context, remote: Remote, id: bytes, account: Account, code: str, place: RemotePlace
) -> Space:
    """The space whose log says now that this device is in it; once more, where it says so already, and again where
    somebody else was faster.

    Raises: NotFound, Forbidden, Damaged, Busy, Unavailable.
    """
    for _ in range(TRIES):
        try:
            return _let_in(context, remote, id, account, code, place)
        except Outrun:
            continue
    raise Busy("others change who belongs to the circle all the time", hint="try again in a moment")


def _let_in(context: Context, remote: Remote, id: bytes, account: Account, code: str, place: RemotePlace) -> Space:
    _show(remote, id, code)
    controls, head = _controls(remote, id, account.keys.id)
    ring, entries = Keyring(id), []
    for raw in controls:
        try:
            entry = parse(raw)
            ring = admitted(ring, entry)
            entries.append(entry)
        except ScribesError:
            # Two of one number, or what nobody wrote: the first that fits stands.
            continue
    if not ring.role_of(account.keys.id):
        # Not where a process died, once, between the log and this vault.
        ring = _come_in(context, remote, ring, entries, head, account, code)
    role = ring.role_of(account.keys.id)
    with context.engine.write() as tx:
        space = spaces.find(tx, id) or spaces.add(
            tx, id, kind=CIRCLE, name="", role=role, remote=place.n, mode=ring.mode
        )
        own_spaces.put_role(tx, context, space.n, role)
        logs.forget_alerts(tx, space.n)
        return replaced(space, role=role)


def _show(remote: Remote, space: bytes, code: str) -> None:
    """A server hands the log out to those who are in it, and to who holds an invitation."""
    show = getattr(remote, "show_invitation", None)
    if show is not None:
        keys = keys_from_secret(secret_of(code), INVITATION)
        show(space, keys.id, lambda account: proof_of_invitation(keys, space=space, account=account))


def _come_in(
    context: Context,
    remote: Remote,
    ring: Keyring,
    entries: list[Entry],
    head: tuple[int, bytes],
    account: Account,
    code: str,
) -> Keyring:
    """The keyring after this device has come in with the secret of an invitation."""
    keys, invitation = account.keys, keys_from_secret(secret_of(code), INVITATION)
    if invitation.id not in ring.invites:
        raise Forbidden("the invitation was used or taken back", hint="ask for a new one")
    epoch_key = None
    for entry in entries:
        # The last one that was sealed for the invitation: an epoch that began since has it again.
        said = body_of(entry)
        epoch_key = epoch_key_in(ring.space, said.get("epoch", entry.header.epoch), said, invitation) or epoch_key
    if epoch_key is None:
        raise Damaged("the invitation brings no key", hint="ask for a new one")
    public = keys.public()
    with context.engine.read() as tx:
        now_us = tx.now_us
    body = {
        "box": public.box.hex(),
        "cuts": {keys.id.hex(): head[0]},
        "invite": invitation.id.hex(),
        "k": "add",
        "member": (account.member or b"").hex(),
        "sign": public.sign.hex(),
        "t": now_us,
        "wraps": wraps(ring.space, ring.epoch, epoch_key, {keys.id: public.box}),
    }
    body["proof"] = proof(ring.space, keys.id, body, invitation=invitation)
    entry, joined = written(ring, body, keys=keys, number=head[0] + 1, previous=head[1])
    remote.append(ring.space, [entry.raw])
    return joined


def _controls(remote: Remote, space: bytes, me: bytes) -> tuple[list[bytes], tuple[int, bytes]]:
    """The control entries of a log in order, and where a device's chain ends in it.

    Raises: NotFound, Unavailable.
    """
    controls: list[bytes] = []
    head = (0, FIRST)
    for page in each_page(remote, space, limit_bytes=PAGE_BYTES):
        controls += [raw for raw in page.entries if raw[1:2] == bytes([CONTROL])]
        head = page.heads.get(me, (0, FIRST))
    if not controls:
        raise NotFound("the circle's log is not there (yet)", hint="is this the folder that you share? try again later")
    return sorted(controls, key=_place), head


def _place(raw: bytes) -> int:
    try:
        return control_number(parse(raw))
    except ScribesError:
        return 0


def secret_of(code: str) -> bytes:
    """The secret of an invitation as bytes.

    Raises: InvalidInput.
    """
    return normal_code(code, chars=SECRET_CHARS, what="secret of an invitation").replace("-", "").encode()


def invitation_id(link: str) -> bytes:
    """The id by which the log of a circle names the invitation of a link.

    Raises: InvalidInput.
    """
    return keys_from_secret(secret_of(parts_of(link)[2]), INVITATION).id


def parts_of(link: str) -> tuple[bytes, bytes, str]:
    """The space, the remote and the secret in a link: one with the address of a server, or one that names its id alone.

    Raises: InvalidInput.
    """
    text = link.strip()
    path, _, code = text.partition("#")
    server = server_in(text)
    path = path.removeprefix(SCHEME if server is None else f"{server}{AT_SERVER}")
    space, _, remote = path.partition("/")
    try:
        ids = bytes.fromhex(space), bytes.fromhex(remote)
    except ValueError:
        ids = b"", b""
    is_link = server is not None or text.startswith(SCHEME)
    if not is_link or any(len(id) != 16 for id in ids):
        raise InvalidInput("this is no invitation", hint=f"the whole link, from https:// or {SCHEME} on")
    return (*ids, normal_code(code, chars=SECRET_CHARS, what="secret of an invitation"))


def link_to(space: bytes, remote: bytes, code: str, *, server: str = "") -> str:
    """The link of an invitation; with the address of the server where the circle's log lies, where it lies at one."""
    start = f"{server}{AT_SERVER}" if server else SCHEME
    return f"{start}{space.hex()}/{remote.hex()}#{code.replace('-', '')}"


def server_in(link: str) -> str | None:
    """The address of the server in a link; None where it names none."""
    path = link.strip().partition("#")[0]
    server, _, _ = path.rpartition(AT_SERVER)
    return server if server.startswith(("https://", "http://")) else None
