# SPDX-License-Identifier: MIT
"""Every error that fairreg raises, and the exit code each one ends a command with.

FairregError                1  failed; the message says why, the hint what to do next
├── UsageError              2  the request itself is wrong
│   └── IdentifierError        not an identifier that fairreg knows
├── NotFound                1  the source has no such record or file
│   └── Gone                   it had one and withdrew it (tombstone)
├── AccessDenied            1  restricted, embargoed or gated
├── RecordError             1  a payload or document is not a valid record
├── RegistryError           1  the database cannot do what was asked
│   └── RegistryUnreachable 4  its server could not be reached
├── ModelError              1  no runnable model was recognised, or its input does not fit
│   └── MissingEngine          an optional engine is not installed
├── PluginError             1  an installed plugin cannot be used
├── Refused                 3  refused for safety
│   ├── ChecksumMismatch
│   ├── UnsafeArchive
│   ├── UnsafePickle
│   └── UnsafeAddress
├── Unreachable             4  a needed service could not be reached
│   ├── Offline                no request may leave the machine
│   ├── RateLimited            the service asked us to wait longer than we do
│   └── BadAnswer              it answered, but not in its own language
└── BelowThreshold          5  a threshold that the user asked for is not met
"""

import copyreg
from typing import Any, ClassVar


class FairregError(Exception):
    """Base of the tree: one clear sentence, an optional hint with the next step."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors travel between processes, and those with further arguments could not be made of the message.
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]


class UsageError(FairregError):
    """What was asked for cannot be meant."""

    exit_code = 2


class IdentifierError(UsageError):
    """The text is no identifier of a kind that fairreg knows."""


class NotFound(FairregError):
    """The source or the registry has no such record or file."""


class Gone(NotFound):
    """The source withdrew the record; `reason` is what its tombstone says."""

    def __init__(self, message: str, *, reason: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class AccessDenied(FairregError):
    """The record exists, its files are not open to this user."""


class RecordError(FairregError):
    """A payload or document is not a valid record; `violations` names each JSON path."""

    def __init__(
        self, message: str, *, violations: tuple[tuple[str, str], ...] = (), hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.violations = violations


class RegistryError(FairregError):
    """The registry's database cannot do what was asked."""


class RegistryUnreachable(RegistryError):
    """No server answers for the registry's database, or it went away."""

    exit_code = 4


class ModelError(FairregError):
    """No runnable model was recognised, or an input does not fit its signature."""


class MissingEngine(ModelError):
    """An optional engine is not installed; the hint is the pip line that installs it."""

    def __init__(self, engine: str, extra: str) -> None:
        super().__init__(
            f"{engine} is not installed.", hint=f"Install it with: pip install 'fairreg[{extra}]'"
        )


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
    """A pickle names code that loading tensors never needs."""


class UnsafeAddress(SecurityRefusal):
    """A link or redirect leads to a private address or a scheme other than http(s)."""


class Unreachable(FairregError):
    """A needed service could not be reached."""

    exit_code = 4


class Offline(Unreachable):
    """Offline mode is on, so no request leaves the machine."""


class RateLimited(Unreachable):
    """The service asks to wait; `retry_after` is in seconds."""

    def __init__(self, message: str, *, retry_after: float, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class BadAnswer(Unreachable):
    """The service answered, but with something other than what it documents; `status` is that of HTTP."""

    def __init__(self, message: str, *, status: int | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class BelowThreshold(FairregError):
    """A threshold that the user asked for is not met."""

    exit_code = 5
