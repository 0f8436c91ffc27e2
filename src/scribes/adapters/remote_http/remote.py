"""A server as a remote: logs and letters over HTTP (docs/reference/wire.md, Over HTTP)."""

from __future__ import annotations

from ...domain.frames import (
    BINARY,
    framed,
    id_in,
    page_about,
    page_in_bytes,
)
from ...errors import Conflict, Malformed, NotFound, NotSignedIn
from ...models.servers import SpaceThere
from ...models.sync import Page
from .connection import Connection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    import httpx2

    from ...models.servers import Tokens
    from ...ports import SignIn

BODY_BYTES, LENGTH_BYTES, SPACES_AT_ONCE = 4 * 1024 * 1024, 4, 1_000
MAX_CURSOR, MOST_PAGE_BYTES = 200, 4 * 1024 * 1024
MAILED = 202
BYTES = {"content-type": BINARY, "accept": BINARY}


class HttpRemote:
    """A server as `ports.Server`. One object is used again and again: it keeps the connection, and knows the server."""

    def __init__(
        self, url: str, store: SignIn, *, timeout_s: float = 30.0, transport: httpx2.BaseTransport | None = None
    ) -> None:
        self._connection = Connection(url, store, timeout_s=timeout_s, transport=transport)
        self.name = self._connection.url
        """The address of the server."""
        self._id = b""
        self._account = b""
        self._body_bytes = BODY_BYTES
        # What was asked ahead: of each space the end of its log, where nothing is new.
        self._ahead: dict[bytes, Page] = {}
        self._invitations: dict[bytes, tuple[bytes, Callable[[bytes], bytes]]] = {}

    # As a remote

    def identify(self) -> bytes:
        """The id of the server; asked once.

        Raises: NotSignedIn, NotFound, Unavailable.
        """
        if not self._id:
            self._meet(self._connection.data("GET", "/v1/sync"), "id")
        return self._id

    def fetch(self, space: bytes, after: str, *, limit_bytes: int) -> Page:
        """Entries behind a cursor; none where there is no such log, or none that is ours to read.

        Raises: NotSignedIn, Unavailable, InvalidInput.
        """
        known = self._ahead.pop(space, None)
        if known is not None and known.cursor == after:
            return known
        if len(after) > MAX_CURSOR:
            after = "?"
        asked = {"after": after, "limit": str(max(1, min(limit_bytes, MOST_PAGE_BYTES)))}
        headers = {"accept": BINARY, **self._shown(space)}
        try:
            answer = self._connection.ask("GET", f"/v1/sync/{space.hex()}", params=asked, headers=headers)
        except NotFound:
            return Page((), "", more=False, generation="", heads={})
        try:
            page, said = page_in_bytes(answer.body)
        except Malformed as e:
            raise self._connection.foreign() from e
        self._meet(said, "remote")
        return page

    def append(self, space: bytes, entries: Sequence[bytes], *, again: bool = False) -> None:
        """Put entries at the end, all or none; those that are more than a request may have, in several steps.

        Raises: Outrun, Forbidden, Malformed, NotSignedIn, Unavailable, StorageFull.
        """
        self._ahead.pop(space, None)
        asked = {"again": "true"} if again else {}
        for part in self._parts(entries):
            headers = {"content-type": BINARY, **self._shown(space)}
            self._connection.ask("POST", f"/v1/sync/{space.hex()}", content=framed(part), params=asked, headers=headers)

    def fold(self, space: bytes, covers: dict[bytes, int]) -> None:
        """Let go of bundles that a snapshot stands for."""
        said = {device.hex(): number for device, number in covers.items()}
        self._connection.ask("POST", f"/v1/sync/{space.hex()}/fold", json={"covers": said})

    def bridge(self, space: bytes, ends: dict[bytes, tuple[int, bytes]]) -> None:
        """Let chains go on behind bundles that nobody has any more."""
        said = {device.hex(): [number, hash.hex()] for device, (number, hash) in ends.items()}
        self._connection.ask("POST", f"/v1/sync/{space.hex()}/bridge", json={"ends": said})

    def send(self, slot: bytes, message: bytes) -> None:
        """Leave a letter for another device of the account."""
        self._connection.ask("PUT", f"/v1/sync/mail/{slot.hex()}", content=message, headers=BYTES)

    def receive(self, slot: bytes) -> bytes | None:
        """The letter in a slot, or None."""
        try:
            return self._connection.ask("GET", f"/v1/sync/mail/{slot.hex()}").body
        except NotFound:
            return None

    def discard(self, slot: bytes) -> None:
        """Take a letter out."""
        self._connection.ask("DELETE", f"/v1/sync/mail/{slot.hex()}")

    # What a server can beside that

    def ask_ahead(self, cursors: Mapping[bytes, str]) -> None:
        """Ask about many logs at once: of those that have nothing new, `fetch` behind the same cursor then asks nobody.
        Without any, what was asked is forgotten.

        Raises: NotSignedIn, Unavailable.
        """
        self._ahead = {}
        spaces = list(cursors)
        for start in range(0, len(spaces), SPACES_AT_ONCE):
            some = {space.hex(): cursors[space] for space in spaces[start : start + SPACES_AT_ONCE]}
            said = self._connection.data("POST", "/v1/sync/news", json={"spaces": some})
            self._meet(said, "remote")
            found = said.get("spaces")
            try:
                for id, end in found.items() if isinstance(found, dict) else ():
                    if isinstance(end, dict) and end.get("more") is False:
                        self._ahead[id_in(id)] = page_about(end)
            except Malformed as e:
                raise self._connection.foreign() from e

    def show_invitation(self, space: bytes, id: bytes, prove: Callable[[bytes], bytes]) -> None:
        """Read a space's log by an invitation from now on; `prove` signs the account's id for it."""
        self._invitations[space] = (id, prove)

    @property
    def account(self) -> bytes:
        """The id of the account at the server.

        Raises: as `identify`.
        """
        self.identify()
        return self._account

    def register(self, device: bytes, sign: bytes, box: bytes, proof: bytes) -> None:
        """Register a device of the account.

        Raises: Forbidden, AlreadyExists, NotSignedIn, Unavailable.
        """
        said = {"device": device.hex(), "sign": sign.hex(), "box": box.hex(), "proof": proof.hex()}
        self._connection.ask("POST", "/v1/devices", json=said)

    def device_there(self) -> tuple[bytes, bytes, bytes]:
        """The id and the public keys (Ed25519, X25519) of the device through which the server writes for the account.

        Raises: NotSignedIn, Unavailable.
        """
        said = self._connection.ask("GET", "/v1/devices/server").said()
        try:
            found = id_in(said["device"]), bytes.fromhex(said["sign"]), bytes.fromhex(said["box"])
        except (Malformed, KeyError, TypeError, ValueError) as e:
            raise self._connection.foreign() from e
        if any(len(key) != 32 for key in found[1:]):
            raise self._connection.foreign()
        return found

    def spaces(self) -> list[SpaceThere]:
        """The spaces in which the account is.

        Raises: NotSignedIn, Unavailable.
        """
        said = self._connection.ask("GET", "/v1/spaces").said()
        try:
            return [
                SpaceThere(
                    id_in(one["id"]), str(one["kind"]), str(one["mode"]), str(one["role"]),
                    tuple(id_in(device) for device in one["devices"]),
                )
                for one in said
            ]  # fmt: skip
        except (Malformed, KeyError, TypeError) as e:
            raise self._connection.foreign() from e

    # Signing in

    def prelogin(self, email: str) -> dict[str, Any]:
        """How the password of an account is derived.

        Raises: Unavailable, NotFound.
        """
        return self._connection.data("POST", "/v1/auth/prelogin", signed=False, json={"email": email})

    def sign_up(self, email: str, password: str, *, name: str, device_name: str, invite: str) -> Tokens | None:
        """The tokens of a new account, which are kept; None, where a mail with a code for `confirm` is on its way.

        Raises: AlreadyExists, Forbidden, InvalidInput, Unavailable.
        """
        said = {"email": email, "password": password, "name": name, "kind": "derived", "device_name": device_name}
        self._id = self._account = b""
        given = {**said, "invite": invite}
        answer = self._connection.ask("POST", "/v1/auth/signup", again=False, signed=False, json=given)
        if answer.status == MAILED:
            return None
        made = answer.said()
        if not isinstance(made, dict):
            raise self._connection.foreign()
        return self._connection.keep(made)

    def confirm(self, code: str, device_name: str) -> Tokens:
        """The tokens of a new account, whose owner has read the mail.

        Raises: InvalidInput, NotFound, Forbidden, Unavailable.
        """
        return self._signed("/v1/auth/signup/confirm", {"code": code, "device_name": device_name})

    def sign_in(self, email: str, password: str, device_name: str) -> Tokens:
        """The tokens of an account, which are kept.

        Raises: NotSignedIn (a wrong password), Unavailable.
        """
        said = {"email": email, "password": password, "device_name": device_name}
        try:
            return self._signed("/v1/auth/login", said)
        except NotSignedIn:
            raise NotSignedIn(
                f"the e-mail or the password is wrong at {self.name}",
                hint=f"without an account there: scribes login {self.name} --new",
            ) from None

    def sign_out(self) -> None:
        """Let the server forget the session.

        Raises: Unavailable, NotSignedIn.
        """
        self._connection.ask("POST", "/v1/auth/logout")

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def _signed(self, path: str, said: dict[str, Any]) -> Tokens:
        self._id = self._account = b""
        return self._connection.keep(self._connection.data("POST", path, again=False, signed=False, json=said))

    def _meet(self, said: Mapping[str, Any], name: str) -> None:
        """Take note of who answers; what comes later must come from the same.

        Raises: Conflict, Unavailable.
        """
        try:
            id = id_in(said.get(name))
            account = id_in(said["account"]) if "account" in said else self._account
        except Malformed as e:
            raise self._connection.foreign() from e
        if self._id and id != self._id:
            raise Conflict(
                f"{self.name} is another server than a moment ago", hint="nothing was changed; ask whoever runs it"
            )
        self._id, self._account = id, account
        limits = said.get("limits")
        if isinstance(limits, dict) and isinstance(most := limits.get("body_bytes"), int):
            self._body_bytes = max(1, most)

    def _shown(self, space: bytes) -> dict[str, str]:
        if space not in self._invitations:
            return {}
        id, prove = self._invitations[space]
        return {"scribes-invitation": f"{id.hex()}.{prove(self.account).hex()}"}

    def _parts(self, entries: Sequence[bytes]) -> list[list[bytes]]:
        parts: list[list[bytes]] = [[]]
        size = 0
        for raw in entries:
            size += len(raw) + LENGTH_BYTES
            if parts[-1] and size > self._body_bytes:
                parts.append([])
                size = len(raw) + LENGTH_BYTES
            parts[-1].append(raw)
        return parts
