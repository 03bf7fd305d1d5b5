# SPDX-License-Identifier: MIT
"""Which services answer: one request to each at the same time, without tokens, within a few seconds."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Literal

from fairreg.errors import FairregError, SecurityRefusal, Unreachable
from fairreg.settings import Settings
from fairreg.web import HttpClient, RetryPolicy

__all__ = ["ServiceState", "ask_services"]

_POLICY = RetryPolicy(retries=0, longest_wait=0, connect_timeout=3, read_timeout=4, body_seconds=4)
_LONGEST = 6.0  # seconds for all of them together


@dataclass(frozen=True)
class ServiceState:
    """Answer of a service, or of another registry, to a request for its base URL.

    ``reachable``: it answered, whatever it said; `message` says why it was not reached, or not asked.
    """

    name: str
    url: str
    status: Literal["reachable", "unreachable", "not asked"]
    message: str | None = None
    seconds: float | None = None


def ask_services(settings: Settings) -> tuple[ServiceState, ...]:
    """Ask every service of the settings for its base URL; in offline mode, and disabled ones, none."""
    found = [ServiceState(name, item.url, "not asked") for name, item in settings.services.items()]
    found += [ServiceState(url, url, "not asked") for url in settings.peers]
    if settings.offline:
        return tuple(replace(item, message="offline mode is on") for item in found)
    asked = [item for item in found if item.name not in settings.disabled]
    answers = _answers(asked, _as_guest(settings))
    disabled = {item.name: replace(item, message="disabled") for item in found if item not in asked}
    return tuple({**answers, **disabled}[item.name] for item in found)


def _as_guest(settings: Settings) -> Settings:
    guests = {name: replace(item, token=None, login=None) for name, item in settings.services.items()}
    return replace(settings, services=guests)


def _answers(asked: Sequence[ServiceState], settings: Settings) -> dict[str, ServiceState]:
    """Ask in threads of their own; whoever has not answered in time is unreachable."""
    done: SimpleQueue[ServiceState] = SimpleQueue()
    late = f"no answer within {_LONGEST:g} s"
    found = {item.name: replace(item, status="unreachable", message=late, seconds=_LONGEST) for item in asked}
    for item in asked:
        # Daemons: the command ends without those that hang.
        Thread(target=_ask, args=(item, settings, done), daemon=True).start()
    end = time.monotonic() + _LONGEST
    for _ in asked:
        try:
            answer = done.get(timeout=max(0.0, end - time.monotonic()))
        except Empty:
            break
        found[answer.name] = answer
    return found


def _ask(item: ServiceState, settings: Settings, done: "SimpleQueue[ServiceState]") -> None:
    done.put(_asked(item, settings))


def _asked(item: ServiceState, settings: Settings) -> ServiceState:
    begun = time.monotonic()
    try:
        with HttpClient(settings, patience=_POLICY) as web:
            web.location(item.url)
        fault = None
    except Unreachable as error:
        fault = None if error.answered else error.message
    except FairregError as error:  # not found, no access: it answered; an unsafe address is never asked
        fault = error.message if isinstance(error, SecurityRefusal) else None
    status: Literal["reachable", "unreachable"] = "reachable" if fault is None else "unreachable"
    return replace(item, status=status, message=fault, seconds=round(time.monotonic() - begun, 1))
