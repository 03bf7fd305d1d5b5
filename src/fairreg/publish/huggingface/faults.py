# SPDX-License-Identifier: MIT
"""Refusals and broken connections of huggingface_hub as errors of fairreg, a sentence each."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fairreg.errors import AccessDenied, BadAnswer, FairregError, NotFound, Offline, RateLimited, Unreachable
from fairreg.schemas.text import one_line
from fairreg.settings import Service
from fairreg.web.pacing import retry_after, stated_limit
from fairreg.web.responses import masked_words, reason

if TYPE_CHECKING:
    from huggingface_hub.errors import HfHubHTTPError

__all__ = ["denied", "translated"]

_UNSTATED_WAIT = 300.0  # the window of the Hub's limits, in seconds
_MOST_WORDS = 300
_CHANGED = (HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED)


@contextmanager
def translated(service: Service, what: str) -> Iterator[None]:
    """Context manager: what the client raises about `what` is an error of fairreg, without the token."""
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    # httpx.HTTPError, of httpx2 in huggingface_hub 2.
    transport: Any = HfHubHTTPError.__bases__[0]
    try:
        yield
    except OfflineModeIsEnabled as error:
        raise Offline("HF_HUB_OFFLINE is set: no request was sent to the Hub.", hint="Unset it.") from error
    except (transport, RuntimeError, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        # The client wraps the fault of one file of several.
        cause = error.__cause__ if type(error) is RuntimeError and error.__cause__ else error
        if isinstance(cause, HfHubHTTPError):
            raise _refusal(cause, service, what) from error
        if isinstance(cause, transport):
            raise Unreachable(
                f"{service.title} could not be reached ({reason(cause)}).",
                hint="Check the connection and try again.",
            ) from error
        if isinstance(cause, (ConnectionError, TimeoutError)):  # of Xet
            raise Unreachable(
                f"{service.title} could not be reached ({_words(service, str(cause)) or reason(cause)}).",
                hint="Check the connection and try again; a mirror without Xet needs HF_HUB_DISABLE_XET=1.",
            ) from error
        raise _other(cause, service, what) from error


def denied(service: Service, *, rejected: bool = False) -> AccessDenied:
    """Return the error for a token that is missing or, `rejected`, that the Hub does not know."""
    message = (
        f"{service.title} does not accept the access token (HTTP 401)."
        if rejected
        else f"Publishing at {service.title} needs an access token, and HF_TOKEN is not set."
    )
    return AccessDenied(message, hint=_make_token(service))


def _make_token(service: Service) -> str:
    page = f"{service.url}/settings/tokens"
    return f"Make a token with the permission write for the repository at {page} and set HF_TOKEN."


def _refusal(error: "HfHubHTTPError", service: Service, what: str) -> FairregError:
    status, title = error.response.status_code, service.title
    said = _words(service, error.server_message or "")
    told = f": {said}" if said else ""
    if status == HTTPStatus.UNAUTHORIZED:
        return denied(service, rejected=True)
    if status == HTTPStatus.FORBIDDEN:
        return AccessDenied(
            f"{title} does not allow this to the access token{told} (HTTP 403).", hint=_make_token(service)
        )
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(f"{title} has no {what}.", hint="Check its name, and that the token may see it.")
    if status in _CHANGED:
        return FairregError(
            f"{what} was changed at {title} by somebody else meanwhile, and nothing was overwritten"
            f"{told} (HTTP {status}).",
            hint="Look at the change there, and repeat the command to go on from it.",
        )
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return FairregError(
            f"{title} refuses {what}: it is larger than the service takes (HTTP 413).",
            hint="Leave a file out with --exclude, or split the weights.",
        )
    return _passing(error.response, title, what, told)


def _passing(response: Any, title: str, what: str, told: str) -> FairregError:
    status: int = response.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        limit = stated_limit(response.headers)
        wait = retry_after(response.headers) or (limit.seconds if limit is not None else _UNSTATED_WAIT)
        return RateLimited(
            f"{title} asks to wait {wait:.0f} s before the next request.",
            retry_after=wait,
            hint="Repeat the command then.",
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unreachable(f"{title} has a fault of its own (HTTP {status}).", hint="Try again later.")
    return BadAnswer(f"{title} refuses {what}{told} (HTTP {status}).", status=status)


def _other(error: BaseException, service: Service, what: str) -> FairregError:
    """Return the error for an answer that the client refuses, a card that is not valid, a broken upload."""
    said = _words(service, str(error)) or type(error).__name__
    if '"license" must be one of' in str(error):
        # Its list of words is long, and the licence of the card is not among them.
        return BadAnswer(
            f"{service.title} has no word for the license in the front matter of README.md.",
            hint="Write there license: other, license_name with the SPDX identifier in lower case, and "
            "license_link with the address of its text; then repeat the command.",
        )
    return BadAnswer(f"{service.title} did not take {what}: {said}.", hint="Repeat the command to go on.")


def _words(service: Service, text: str) -> str:
    words = masked_words(text, service.authorization or "")
    return one_line(words)[:_MOST_WORDS].rstrip(".")
