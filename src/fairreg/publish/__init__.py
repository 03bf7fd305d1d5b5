# SPDX-License-Identifier: MIT
"""Publishers: a folder's record and files go to an archive. Each module here is one service."""

from typing import TYPE_CHECKING, Protocol

from fairreg import plugins
from fairreg.errors import UsageError

if TYPE_CHECKING:  # the command line lists the names at its start
    from fairreg.publish.base import Publisher

__all__ = ["chosen", "get", "names"]


class _PublisherModule(Protocol):
    """Module of a publisher."""

    PUBLISHER: "Publisher"


def names() -> tuple[str, ...]:
    """Names of the publishers, sorted, without importing them."""
    return plugins.names(__name__)


def get(name: str) -> "Publisher":
    """Return the publisher called `name`. Raises UsageError, which lists the names, and PluginError."""
    if name not in names():
        raise UsageError(
            f"There is no publisher called {name!r}.", hint=f"Services to publish at: {', '.join(names())}."
        )
    from fairreg.publish.base import Publisher

    found: object = plugins.load_complete(__name__, name, _PublisherModule).PUBLISHER
    if isinstance(found, Publisher) and found.name == name:
        return found
    fault = "has another name" if isinstance(found, Publisher) else "is not a Publisher"
    point = next(item for item in plugins.entry_points_of(__name__) if item.name == name)
    raise plugins.refusal(point, f"its PUBLISHER {fault}")


def chosen(name: str, sandbox: bool, repository: str | None) -> "Publisher":
    """Return the publisher of a command. Raises UsageError for a wish that its service has no place for."""
    found = get(name)
    if sandbox and found.sandbox is None:
        raise UsageError(f"{found.title} has no sandbox.", hint="Use --draft to look at it before.")
    if repository and not found.takes_repository:
        raise UsageError(f"{found.title} names its records itself.", hint="Leave --repository out.")
    return found
