"""Every error Scribes raises on purpose: one tree, a closed list of codes, one table to exit status and one to HTTP.

`code` is public API: the command line turns it into an exit status, the server into an HTTP status. Messages are lower
case, say what is wrong and with what value; `hint` says what to do next.
"""


class ScribesError(Exception):
    """An error with a message for people, a `code` for programs and, where there is one, a `hint`."""

    code = "failure"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InvalidInput(ScribesError):
    """What was given cannot be taken: a malformed date, an unknown option, a file that is not what it should be."""

    code = "invalid"


class NotFound(ScribesError):
    """There is no such thing: note, revision, tag, draft, file."""

    code = "not_found"


class Ambiguous(InvalidInput):
    """The start of an id fits more than one note."""

    code = "ambiguous"


class Locked(ScribesError):
    """No key for the vault is at hand: it has to be unlocked first."""

    code = "locked"


class WrongKey(Locked):
    """The key, passphrase or recovery key that was given does not open this vault."""

    code = "wrong_key"


class Conflict(ScribesError):
    """The thing was changed by somebody else since it was read; nothing was written."""

    code = "conflict"


class AlreadyExists(Conflict):
    """There is one already, and it is not overwritten."""

    code = "exists"


class Outrun(Conflict):
    """A log has moved on since it was read: read it, then write again."""

    code = "outrun"


class Forbidden(ScribesError):
    """The role somebody has in a space does not allow this."""

    code = "forbidden"


class NotSignedIn(ScribesError):
    """A server does not know who asks: no token, or one that has run out or is not its own."""

    code = "not_signed_in"


class Sealed(Forbidden):
    """The server holds a space sealed, and cannot read in it: only the devices of its members can."""

    code = "sealed"


class TooMany(ScribesError):
    """More was asked of a server in a short time than it answers; `retry_after_s` says when to ask again."""

    code = "too_many"

    def __init__(self, message: str, *, hint: str | None = None, retry_after_s: int = 1) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class TooLarge(InvalidInput):
    """More was sent at once than is taken."""

    code = "too_large"


class MethodNotAllowed(InvalidInput):
    """A server's resource does not take that method."""

    code = "method"


class PreconditionRequired(InvalidInput):
    """A whole new version was sent without saying which one it stands on."""

    code = "precondition"


class Busy(ScribesError):
    """Another process holds the vault longer than the time allowed."""

    code = "busy"


class Unavailable(ScribesError):
    """Something outside Scribes did not answer: a network, a server, a keyring."""

    code = "unavailable"


class StorageFull(ScribesError):
    """The disk, or the quota, has no room; what was there before is as it was."""

    code = "full"


class Damaged(ScribesError):
    """The stored bytes are not what Scribes wrote."""

    code = "damaged"


class Malformed(Damaged):
    """What came from elsewhere is not what a Scribes writes, or is of a kind that whoever got it does not know."""

    code = "malformed"


class NewerFormat(ScribesError):
    """The file was written by a newer Scribes than this one."""

    code = "newer"


# Exit status by code (documented in docs/reference/errors.md): 1 failure, 2 usage or invalid input, 3 nothing found,
# 4 locked or not allowed, 5 conflict to look at, 6 unavailable, 7 damaged store.
EXIT_STATUS: dict[str, int] = {
    "failure": 1,
    "invalid": 2,
    "ambiguous": 2,
    "not_found": 3,
    "locked": 4,
    "wrong_key": 4,
    "conflict": 5,
    "exists": 5,
    "outrun": 5,
    "forbidden": 4,
    "not_signed_in": 4,
    "sealed": 4,
    "too_many": 6,
    "too_large": 2,
    "method": 2,
    "precondition": 2,
    "busy": 6,
    "unavailable": 6,
    "full": 1,
    "damaged": 7,
    "malformed": 7,
    "newer": 7,
}

HTTP_STATUS: dict[str, int] = {
    "failure": 500,
    "invalid": 422,
    "ambiguous": 422,
    "not_found": 404,
    "locked": 423,
    "wrong_key": 401,
    "conflict": 409,
    "exists": 409,
    "outrun": 409,
    "forbidden": 403,
    "not_signed_in": 401,
    "sealed": 403,
    "too_many": 429,
    "too_large": 413,
    "method": 405,
    "precondition": 428,
    "busy": 503,
    "unavailable": 503,
    "full": 507,
    "damaged": 500,
    "malformed": 422,
    "newer": 500,
}


def by_code(code: str) -> type[ScribesError]:
    """The class of a code, as a server's answer names it; that of all where it is none of ours."""
    found: list[type[ScribesError]] = [ScribesError]
    for kind in found:
        if kind.code == code:
            return kind
        found += kind.__subclasses__()
    return ScribesError
