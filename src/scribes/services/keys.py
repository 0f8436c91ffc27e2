"""The keys of an open vault: show the recovery key, set the passphrase, rotate the data key, lock."""

from __future__ import annotations

from ..crypto.header import Header, new_header, with_passphrase
from ..crypto.keys import new_key, subkey
from ..errors import Conflict, Damaged, InvalidInput, Unavailable
from ..locks import remove_database
from ..storage import meta
from .vault import FILE_KEY, put_in_place, rewrite_header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..ports import KeyStore, Progress
    from .context import Context
    from .vault import OpenEngine


class Keys:
    """What opens this vault. `stores` are the places on this machine that may hold its data key."""

    def __init__(
        self,
        context: Context,
        *,
        header: Callable[[], Header],
        stores: Sequence[KeyStore],
        pending: KeyStore,
        open_engine: OpenEngine,
        argon2: tuple[int, int],
    ) -> None:
        self._engine = context.engine
        self._header = header
        self._held = context.key
        self._stores = stores
        self._pending = pending
        self._open_engine = open_engine
        self._memory_kib, self._passes = argon2

    def recovery_key(self) -> str:
        """The recovery key: 36 characters in nine groups. Whoever has it and the file can read everything."""
        with self._engine.read() as tx:
            key = meta.get(tx, "recovery_key")
        if not key:
            raise Damaged("the vault does not hold its recovery key", hint="scribes key rotate makes a new one")
        return str(key)

    def has_passphrase(self) -> bool:
        """Whether a passphrase opens the vault."""
        return self._header().slot("passphrase") is not None

    def resting_in(self) -> list[str]:
        """The names of the places on this machine that hold the key now."""
        vault = self._header().vault
        return [store.name for store in self._stores if _holds(store, vault)]

    def set_passphrase(self, passphrase: str) -> None:
        """Make this the passphrase. Only the wrapping changes: the data key and the file stay as they are.

        Raises: InvalidInput, Locked.
        """

        def changed() -> Header:
            return with_passphrase(
                self._header(), self._held.value, passphrase, memory_kib=self._memory_kib, passes=self._passes
            )

        rewrite_header(self._engine, changed)

    def rotate(self, *, passphrase: str | None = None, progress: Progress | None = None) -> str:
        """A new recovery key, after the whole file was re-encrypted under a new data key.

        A copy is made, verified and put in place of the file in one step; a crash leaves the old or the new one whole.

        Raises: InvalidInput (the vault has a passphrase and it was not given), Busy, StorageFull, Damaged, Locked.
        """
        from ..crypto.header import unlock
        from ..crypto.keys import new_recovery_key

        old = self._header()
        if self.has_passphrase():
            if passphrase is None:
                raise InvalidInput("the vault has a passphrase, which the new key must be wrapped with", hint="give it")
            unlock(old, passphrase=passphrase)
        data_key, recovery_key = new_key(), new_recovery_key()
        header = new_header(
            old.vault,
            data_key,
            recovery_key=recovery_key,
            passphrase=passphrase,
            at_rest=old.at_rest,
            memory_kib=self._memory_kib,
            passes=self._passes,
        )
        copy = self._engine.path + ".rotating"
        holding = [store for store in self._stores if _holds(store, old.vault)]
        try:
            with self._engine.alone():
                self._engine.copy_to(copy, subkey(data_key, FILE_KEY), progress)
                self._mark(copy, data_key, header, recovery_key)
                if holding:
                    self._pending.put(old.vault, data_key)
                put_in_place(self._engine, copy, header, data_key)
                self._held.value = data_key
                # While others still wait: who comes next finds file, header and key in agreement.
                for store in holding:
                    store.put(old.vault, data_key)
                self._pending.remove(old.vault)
        finally:
            remove_database(copy)
        return recovery_key

    def lock(self, *, recovery_key_is_written_down: bool = False) -> list[str]:
        """The places this machine kept the key in, which have forgotten it now.

        Raises: Conflict, when nothing but the recovery key would open the vault and nobody said it is at hand.
        """
        if not self.has_passphrase() and not recovery_key_is_written_down:
            raise Conflict(
                "the vault has no passphrase: once locked, only the recovery key would open it",
                hint="set one with scribes key passphrase, or scribes lock --yes if you have the recovery key",
            )
        vault = self._header().vault
        return [store.name for store in self._stores if _holds(store, vault) and store.remove(vault)]

    def _mark(self, copy: str, data_key: bytes, header: Header, recovery_key: str) -> None:
        """Write the new header and recovery key into the copy, before it takes the old file's place."""
        engine = self._open_engine(copy, subkey(data_key, FILE_KEY))
        try:
            with engine.write() as tx:
                meta.put(tx, "header", header.to_bytes())
                meta.put(tx, "recovery_key", recovery_key)
        finally:
            engine.close()


def _holds(store: KeyStore, vault: bytes) -> bool:
    try:
        return store.get(vault) is not None
    except (Unavailable, Damaged):
        return False
