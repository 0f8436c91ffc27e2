"""The key header of a vault: which vault this is, how to recognise its key, and the slots that hold it.

It is a small JSON file beside the vault (`NAME.scribes.keys.json`) and holds no secret in clear. A copy stands inside
the vault and can make a lost one anew.
"""

from __future__ import annotations

from ..canonical import encode
from ..errors import Damaged, NewerFormat, WrongKey
from ..records import record
from .keys import MIN_MEMORY_KIB, MIN_PASSES, key_check, normal_recovery_key, open_slot, passphrase_slot, recovery_slot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .keys import Slot

FORMAT, VERSION = "scribes-keys", 1
MAX_BYTES = 64 * 1024


@record
class Header:
    """A vault's id (16 bytes), the check of its data key and its slots.

    `at_rest` says where this machine keeps the key: file, keyring or none. `revision` counts rewrites: of the header
    beside the vault and the copy inside it, the higher one is right.
    """

    vault: bytes
    check: str
    slots: tuple[Slot, ...] = ()
    at_rest: str = "file"
    revision: int = 1

    def fits(self, data_key: bytes) -> bool:
        """Whether a key is this vault's data key."""
        return key_check(data_key, self.vault) == self.check

    def slot(self, kind: str) -> Slot | None:
        """The slot of a kind, `passphrase` or `recovery`."""
        return next((slot for slot in self.slots if slot.get("kind") == kind), None)

    def to_bytes(self) -> bytes:
        """The header as it is stored."""
        content = {
            "at_rest": self.at_rest,
            "check": self.check,
            "format": FORMAT,
            "revision": self.revision,
            "slots": list(self.slots),
            "vault": self.vault.hex(),
            "version": VERSION,
        }
        return encode(content).encode() + b"\n"


def new_header(
    vault: bytes,
    data_key: bytes,
    *,
    recovery_key: str,
    passphrase: str | None,
    at_rest: str,
    memory_kib: int = MIN_MEMORY_KIB,
    passes: int = MIN_PASSES,
) -> Header:
    """A header for a fresh data key.

    Raises: InvalidInput, for a passphrase that is too short.
    """
    slots = [recovery_slot(data_key, recovery_key, vault=vault)]
    if passphrase is not None:
        slots.append(passphrase_slot(data_key, passphrase, vault=vault, memory_kib=memory_kib, passes=passes))
    return Header(vault, key_check(data_key, vault), tuple(slots), at_rest)


def with_passphrase(header: Header, data_key: bytes, passphrase: str, *, memory_kib: int, passes: int) -> Header:
    """The header with its passphrase slot replaced; the data key stays.

    Raises: InvalidInput.
    """
    slot = passphrase_slot(data_key, passphrase, vault=header.vault, memory_kib=memory_kib, passes=passes)
    others = tuple(kept for kept in header.slots if kept.get("kind") != "passphrase")
    return Header(header.vault, header.check, (*others, slot), header.at_rest, header.revision + 1)


def unlock(header: Header, *, passphrase: str | None = None, recovery_key: str | None = None) -> bytes:
    """The data key, from a passphrase or a recovery key.

    Raises: WrongKey, InvalidInput, Damaged.
    """
    kind, secret = ("passphrase", passphrase) if passphrase is not None else ("recovery", recovery_key or "")
    slot = header.slot(kind)
    if slot is None:
        raise WrongKey(f"this vault has no {kind}", hint="scribes unlock --recovery takes the recovery key")
    data_key = open_slot(slot, normal_recovery_key(secret) if kind == "recovery" else secret or "", vault=header.vault)
    if not header.fits(data_key):
        raise Damaged("the key header contradicts itself", hint="scribes doctor --fix mends the header")
    return data_key


def identify(data: bytes) -> tuple[bytes, str] | None:
    """The vault's id and key check, read without a JSON parser: what every command needs. None: use `read`."""
    text = data.decode("utf-8", "replace")
    vault = text.partition('"vault":"')[2].partition('"')[0]
    check = text.partition('"check":"')[2].partition('"')[0]
    if len(vault) != 32 or len(check) != 32 or not text.endswith('"version":1}\n'):
        return None
    try:
        return bytes.fromhex(vault), check
    except ValueError:
        return None


def read(data: bytes) -> Header:
    """The header in a file's bytes.

    Raises: Damaged, NewerFormat.
    """
    import json

    try:
        if len(data) > MAX_BYTES:
            raise ValueError("too long")
        content = json.loads(data)
        if content["format"] != FORMAT:
            raise ValueError("another format")
        version = int(content["version"])
        if version <= VERSION:
            slots = tuple({str(name): value for name, value in slot.items()} for slot in content["slots"])
            return Header(
                bytes.fromhex(content["vault"]),
                str(content["check"]),
                slots,
                str(content["at_rest"]),
                int(content["revision"]),
            )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as e:
        raise Damaged("the key header beside the vault is damaged", hint="scribes doctor --fix makes it anew") from e
    raise NewerFormat(f"the key header has format {version}, this Scribes knows {VERSION}", hint="update Scribes")
