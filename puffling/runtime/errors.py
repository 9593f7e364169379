"""The errors that are meant for people; every other exception is a bug.

PufflingError
├── InvalidInput        a field holds something it cannot hold
├── NotFound            the thing asked for does not exist
├── Conflict            it exists, but not in the state the act needs
├── Refused             the policy does not allow this caller to do it
├── NeedsConfirmation   allowed, once a person has confirmed it
├── Unavailable         a service, a network or an extra is missing
├── StorageFailed       the data on disk could not be read or kept
├── Stopped             a job was cancelled by whoever may cancel it
├── Crashed             a computing process ended without an answer
└── Fault               what a person sees of a bug; the log has the rest
"""

from __future__ import annotations

from puffling.runtime.redaction import redactor
from puffling.runtime.text import tr


class PufflingError(Exception):
    """Something a person can understand and act on: what happened, and what to do about it."""

    code = "error"
    exit_code = 1
    http_status = 400

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def as_dict(self) -> dict[str, str]:
        """Give the one shape in which every face reports an error."""
        return {"code": self.code, "message": self.message, "hint": self.hint}


class InvalidInput(PufflingError):
    """A field of a request holds something it cannot hold."""

    code = "invalid_input"
    exit_code = 2
    http_status = 422

    def __init__(self, message: str, *, field: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.field = field

    def as_dict(self) -> dict[str, str]:
        """Add the name of the field to the common shape."""
        return {**super().as_dict(), "field": self.field}


class NotFound(PufflingError):
    """The thing asked for does not exist."""

    code = "not_found"
    exit_code = 3
    http_status = 404


class Conflict(PufflingError):
    """The thing exists, but not in the state that the act needs."""

    code = "conflict"
    exit_code = 4
    http_status = 409


class Refused(PufflingError):
    """The policy does not allow this caller to do this now."""

    code = "refused"
    exit_code = 5
    http_status = 403


class NeedsConfirmation(PufflingError):
    """The act is allowed once the person has confirmed exactly this."""

    code = "needs_confirmation"
    exit_code = 6
    http_status = 409


class Unavailable(PufflingError):
    """Something outside the program, or an optional part of it, is missing."""

    code = "unavailable"
    exit_code = 7
    http_status = 503


class StorageFailed(PufflingError):
    """The data on disk could not be read or kept."""

    code = "storage"
    exit_code = 8
    http_status = 500


class Stopped(PufflingError):
    """A job was cancelled on request."""

    code = "cancelled"
    exit_code = 9
    http_status = 409


class Crashed(PufflingError):
    """A process that computed something ended without an answer."""

    code = "crashed"
    exit_code = 10
    http_status = 500


class Fault(PufflingError):
    """What a person sees of a bug; whoever makes one has put the traceback into the log."""

    code = "fault"
    exit_code = 70
    http_status = 500

    @classmethod
    def of(cls, fault: BaseException) -> Fault:
        """Say which fault it was, in a line."""
        return cls.saying(str(fault) or type(fault).__name__)

    @classmethod
    def saying(cls, what: str) -> Fault:
        """Make the fault that says this."""
        # Nobody wrote this text for people, so nobody has looked what is in it.
        text = tr("A fault in Puffling: {what}", what=redactor.clean(what))
        return cls(text, hint=tr("The log has the details."))


_BY_CODE: dict[str, type[PufflingError]] = {
    kind.code: kind
    for kind in (
        PufflingError,
        InvalidInput,
        NotFound,
        Conflict,
        Refused,
        NeedsConfirmation,
        Unavailable,
        StorageFailed,
        Stopped,
        Crashed,
        Fault,
    )
}


def error_from_dict(values: dict[str, str]) -> PufflingError:
    """Rebuild an error that crossed a process boundary in its common shape."""
    kind = _BY_CODE.get(values.get("code", ""), PufflingError)
    error = kind(values.get("message", ""), hint=values.get("hint", ""))
    if isinstance(error, InvalidInput):
        error.field = values.get("field", "")
    return error
