# SPDX-License-Identifier: MIT
"""Every error that fairreg raises, and the exit code each one ends a command with.

FairregError                1  failed; the message says why, the hint what to do next
├── UsageError              2  the request itself is wrong
│   └── IdentifierError        not an identifier that fairreg knows
├── NotFound                1  the source has no such record or file
│   └── Gone                   it had one and withdrew it (tombstone)
├── AccessDenied            1  restricted, embargoed or gated
├── RecordError             1  a payload or document is not a valid record
│   ├── Inexpressible          a format cannot hold the record: another kind, or a required field is missing
│   └── DamagedRecord          something stored in the registry cannot be read
├── RegistryError           1  an operation of the registry's database failed
│   ├── RegistryNotWritable    it can be read, and not be written
│   └── RegistryUnreachable 4  its server could not be reached
├── ModelError              1  no runnable model was recognised, or its input does not fit
│   ├── NeedsAuthorsCode       only the authors' own code would run the model
│   ├── SeveralModels          one of them has to be chosen
│   ├── OtherGraph             the tensors are those of a known network, the graph is not
│   └── MissingEngine          an optional engine is not installed
├── PluginError             1  an installed plugin cannot be used
├── Overloaded              1  too many requests at a time
├── SecurityRefusal         3  refused for safety
│   ├── ChecksumMismatch
│   ├── UnsafeArchive
│   ├── UnsafePickle
│   └── UnsafeAddress
├── Unreachable             4  a needed service could not be reached
│   ├── Offline                offline mode is on
│   ├── RateLimited            the service requires a longer wait than allowed
│   └── BadAnswer              it answered, but not as documented
└── BelowThreshold          5  a threshold that the user set is not met
"""

import copyreg
from typing import Any, ClassVar


class FairregError(Exception):
    """Base of the tree: one clear sentence, and an optional hint with the next step; neither with secrets."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        self.message = without_secrets(message)
        super().__init__(self.message)
        self.hint = without_secrets(hint) if hint else hint
        if self.hint:
            self.add_note(f"Hint: {self.hint}")  # tracebacks show it

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors are pickled between processes; those with further arguments need more than the message.
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]


def without_secrets(text: str) -> str:
    """Mask the secrets of addresses in a text, by the rules of `fairreg.redaction`."""
    # The module is loaded for texts that may have some: most commands print none.
    if "@" not in text and "=" not in text:
        return text
    from fairreg.redaction import redacted

    return redacted(text)


class UsageError(FairregError):
    """The request itself is wrong."""

    exit_code = 2


class IdentifierError(UsageError):
    """The text is not an identifier of a kind that fairreg knows."""


class NotFound(FairregError):
    """The source or the registry has no such record or file."""


class Gone(NotFound):
    """The source withdrew the record; `reason` is that of its tombstone."""

    def __init__(self, message: str, *, reason: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class AccessDenied(FairregError):
    """The record exists, but its files are not accessible to this user."""


class RecordError(FairregError):
    """A payload or document is not a valid record; `violations` names each JSON path."""

    # Violations that a command prints with the error.
    most_shown: ClassVar[int] = 10
    # Hint for whoever sees only some of them.
    all_listed: ClassVar[str] = "fairreg validate lists all {} violations."

    def __init__(
        self, message: str, *, violations: tuple[tuple[str, str], ...] = (), hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.violations = violations


class Inexpressible(RecordError):
    """A format cannot hold the record: it is of another kind, or lacks a field that the format requires."""


class DamagedRecord(RecordError):
    """Something stored in the registry cannot be read: `whose` names it, `reason` is a sentence."""

    def __init__(self, whose: str, reason: str, *, hint: str | None = None) -> None:
        super().__init__(f"{whose} is damaged: {reason}", hint=hint)
        self.whose = whose
        self.reason = reason


class RegistryError(FairregError):
    """An operation of the registry's database failed."""


class RegistryNotWritable(RegistryError):
    """The registry cannot be written: read-only, on a full disk, or without the permission."""


class RegistryUnreachable(RegistryError):
    """The server of the registry's database is unreachable, or its connection was lost."""

    exit_code = 4


class ModelError(FairregError):
    """No runnable model was recognised, or an input does not fit its signature."""


class NoParameters(ModelError):
    """A sound weight file without parameters of a model, with the state of an optimizer, for example."""


class NeedsAuthorsCode(ModelError):
    """The files of a model run with their authors' code only, which fairreg does not run."""


class OtherGraph(ModelError):
    """A graph has the tensors of a known network and computes something else."""


class SeveralModels(ModelError):
    """The files hold several models, of which none is preferred: one has to be chosen."""


class MissingEngine(ModelError):
    """An optional engine is not installed; the hint is the pip line that installs it."""

    def __init__(self, engine: str, extra: str) -> None:
        super().__init__(
            f"{engine} is not installed.", hint=f"Install it with: pip install 'fairreg[{extra}]'"
        )


class Overloaded(FairregError):
    """Too many requests are being answered, or wait for it."""


class PluginError(FairregError):
    """An installed package adds a plugin that is broken, or that takes the place of another."""


class SecurityRefusal(FairregError):
    """Refused for safety."""

    exit_code = 3


class ChecksumMismatch(SecurityRefusal):
    """The bytes of the file `name` are not the published ones."""

    def __init__(self, message: str, *, name: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.name = name


class UnsafeArchive(SecurityRefusal):
    """An archive would write outside its folder, or grow beyond the limits."""


class UnsafePickle(SecurityRefusal):
    """A pickle names something that is not known to be harmless, or that is not in its file."""


class UnsafeAddress(SecurityRefusal):
    """A link or redirect leads to a private address or a scheme other than http(s)."""


class Unreachable(FairregError):
    """A needed service could not be reached; where it `answered`, it could not do what was requested."""

    exit_code = 4

    def __init__(self, message: str, *, hint: str | None = None, answered: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.answered = answered


class Offline(Unreachable):
    """Offline mode is on, so no requests are sent."""


class RateLimited(Unreachable):
    """The service requires a wait; `retry_after` is in seconds."""

    def __init__(self, message: str, *, retry_after: float, hint: str | None = None) -> None:
        super().__init__(message, hint=hint, answered=True)
        self.retry_after = retry_after


class BadAnswer(Unreachable):
    """The service answered, but not as documented; `status` is the HTTP status code."""

    def __init__(self, message: str, *, status: int | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint, answered=True)
        self.status = status


class BelowThreshold(FairregError):
    """A threshold that the user set is not met."""

    exit_code = 5
