# SPDX-License-Identifier: MIT
"""Fuzz campaign: seeded inputs by number, what may come of them, and what is kept of those that break it.

An input is a function of (seed, target, number) alone, so any of them can be made again. Allowed are an
answer and the errors of fairreg; an input that takes more than `Target.seconds` of CPU time is a finding too.
"""

import random
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairreg.errors import FairregError

__all__ = ["LETTERS", "Campaign", "Finding", "Target", "damaged", "mutated", "spoiled"]

_MOST_KEPT = 20


@dataclass(frozen=True)
class Target:
    """Reader of foreign input: `make` makes an input, `take` reads it and checks what comes of it."""

    name: str
    make: Callable[[random.Random], Any]
    take: Callable[[Any], None]
    seconds: float = 2.0


class Stuck(BaseException):
    """An input took too long."""


@dataclass(frozen=True)
class Finding:
    """An input that broke the promise; `place` is where in fairreg."""

    target: str
    number: int
    fault: str
    place: str
    trace: str


@dataclass
class Campaign:
    """Figures of one target: inputs, how many were read, the slowest, what was found."""

    target: Target
    seed: int
    done: int = 0
    read: int = 0
    slowest: float = 0.0
    slowest_number: int = 0
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)

    def input(self, number: int) -> Any:
        """The input of a number."""
        return self.target.make(random.Random(f"{self.seed} {self.target.name} {number}"))

    def run(self, count: int, *, first: int = 0) -> "Campaign":
        """Take `count` inputs."""
        begun = time.process_time()
        for number in range(first, first + count):
            self._take(number)
        self.seconds += time.process_time() - begun
        return self

    def save(self, folder: Path) -> None:
        """Write each kind of finding with its input; nothing where there is none."""
        for finding in self.kinds():
            folder.mkdir(parents=True, exist_ok=True)
            stem = folder / f"{finding.target}-{finding.number}"
            content = self.input(finding.number)
            raw = content if isinstance(content, bytes) else repr(content).encode("utf-8", "backslashreplace")
            stem.with_suffix(".input").write_bytes(raw)
            stem.with_suffix(".txt").write_text(finding.trace, encoding="utf-8", errors="backslashreplace")

    def kinds(self) -> list[Finding]:
        """One finding per fault and place."""
        return list({(item.fault, item.place): item for item in reversed(self.findings)}.values())[
            :_MOST_KEPT
        ]

    @property
    def line(self) -> str:
        """The figures in one line."""
        return (
            f"{self.target.name:24} {self.done:7} inputs, {self.read:7} read, "
            f"slowest {self.slowest:.3f} s (number {self.slowest_number}), {self.seconds:.0f} s of CPU, "
            f"{len(self.findings)} findings of {len(self.kinds())} kinds"
        )

    def _take(self, number: int) -> None:
        given = self.input(number)
        begun = time.process_time()
        try:
            with _watched(self.target.seconds * 5):
                self.target.take(given)
            self.read += 1
        except FairregError as error:
            self._check_sentence(number, error)
        except Stuck:
            self._found(number, "Stuck")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
            self._found(number, f"{type(error).__name__}: {error}"[:200])
        spent = time.process_time() - begun
        self.done += 1
        if spent > self.slowest:
            self.slowest, self.slowest_number = spent, number
        if spent > self.target.seconds:
            self._found(number, "too slow", f"{spent:.1f} s")

    def _check_sentence(self, number: int, error: FairregError) -> None:
        if not error.message or "\n" in error.message:
            self._found(number, "the message of an error is not one line", repr(error.message)[:300])

    def _found(self, number: int, fault: str, trace: str = "") -> None:
        place = _place()
        self.findings.append(
            Finding(self.target.name, number, fault.partition(":")[0], place, trace or _trace(fault))
        )


def _trace(fault: str) -> str:
    return f"{fault}\n{traceback.format_exc()}"


def _place() -> str:
    """The last line of fairreg in the traceback of the present exception."""
    frames = traceback.extract_tb(sys.exc_info()[2])
    own = [frame for frame in frames if "fairreg" in frame.filename and "tests" not in frame.filename]
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""


@contextmanager
def _watched(seconds: float) -> Iterator[None]:
    """Raise Stuck after this much CPU time, in the main thread of a system that has such a clock."""

    def stop(*_: object) -> None:
        raise Stuck

    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGPROF"):
        yield
        return
    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


# --- inputs -------------------------------------------------------------------------------------------------

# What stands in texts that break readers.
LETTERS = (
    *"abz019/:.@?#&=%+-_~!$'()*,;[]{}|\\^`\"<> \t\n\r\x00\x1b\x7f\x85\xa0\u200b\u202e\u2028\ud800",
    "%2f", "%00", "%zz", "://", "..", "//", "ß", "K", "ﬀ", "１", "。", "①", "é", "e\u0301", "\U0001f600",
)  # fmt: skip
_TEXTS = (
    "", " ", "\x00", "\ud800", "x" * 300, "10.5281/zenodo.3", "http://[", "https://pypi.org/project/%00",
    "<p", "a:b", "2022-13-45", "\x1b[31m", "\u202e", "\u0661", "٣", "-1", "1e999", "true", "md5:",
    "sha256:" + "0" * 64, "a\nb", "{" * 50, "<div>" * 200, "&#x110000;", "file:///etc/passwd", "//x", "%",
    "%%30", "K", "ß", "\u2028",
)  # fmt: skip
_OTHERS = (
    None, [], {}, 0, -1, 2**63, 2**70, 10**400, 1.5, float("nan"), float("inf"), True, False, [[]], [None],
    [[], {}], {"id": []}, {"": ""}, {"@id": "x"}, {"@value": 1}, {"@list": [1]}, [1, "a", None], {"en": None},
)  # fmt: skip


def mutated(base: Any, chance: random.Random) -> Any:
    """A document with one to four of its places removed, replaced, swapped, repeated or made huge."""
    document = base
    for _ in range(chance.choice((1, 1, 2, 3, 4))):
        places = list(_places(document))
        path = chance.choice(places)
        document = _changed(document, path, _replacement(document, places, chance))
    return document


def _replacement(document: Any, places: Sequence[tuple[Any, ...]], chance: random.Random) -> Any:
    kind = chance.random()
    if kind < 0.15:
        return ...
    if kind < 0.45:
        return chance.choice(_OTHERS)
    if kind < 0.75:
        return chance.choice(_TEXTS)
    if kind < 0.97:  # what stands elsewhere
        value = _at(document, chance.choice(places))
        return [value, value] if kind < 0.8 else value
    return _huge(chance)


def _huge(chance: random.Random) -> Any:
    kind = chance.randrange(5)
    if kind == 0:
        return chance.choice(("x", "<p>", "a ", "é", "10.5281/zenodo.", "[", "&amp;")) * chance.choice(
            (10**4, 10**5)
        )
    if kind == 1:
        return [chance.choice(_TEXTS) for _ in range(2000)]
    if kind == 2:
        return {f"k{number}": chance.choice(_TEXTS) for number in range(2000)}
    value: Any = chance.choice(_TEXTS)
    for _ in range(chance.choice((30, 60, 400))):
        value = [value] if kind == 3 else {"a": value}
    return value


def _places(value: Any) -> Iterator[tuple[Any, ...]]:
    waiting: list[tuple[tuple[Any, ...], Any]] = [((), value)]
    while waiting and len(waiting) < 500:
        path, found = waiting.pop()
        yield path
        if isinstance(found, dict) and len(path) < 40:
            waiting += [((*path, key), item) for key, item in found.items()]
        elif isinstance(found, list) and len(path) < 40:
            waiting += [((*path, number), item) for number, item in enumerate(found)]


def _at(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


def _changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value at a path, that shares the rest; ``...`` removes it."""
    if not path:
        return {} if value is ... else value
    copied = dict(document) if isinstance(document, dict) else list(document)
    if len(path) == 1 and value is ...:
        del copied[path[0]]
    else:
        copied[path[0]] = _changed(document[path[0]], path[1:], value)
    return copied


def spoiled(text: str, chance: random.Random, letters: Sequence[str]) -> str:
    """A text with a few of its letters removed, replaced, repeated or added to."""
    for _ in range(chance.choice((0, 1, 1, 2, 3, 6))):
        at = chance.randrange(len(text) + 1)
        kind = chance.randrange(5)
        if kind == 0:
            text = text[:at] + chance.choice(letters) + text[at:]
        elif kind == 1:
            text = text[:at] + chance.choice(letters) + text[at + 1 :]
        elif kind == 2:
            text = text[:at] + text[at + chance.randrange(4) :]
        elif kind == 3:
            text = text[:at] + text[at : at + 8] * chance.choice((2, 3, 50)) + text[at:]
        else:
            text = text[at:] + text[:at]
    return text


def damaged(content: bytes, chance: random.Random, other: bytes = b"") -> bytes:
    """Bytes with some of them flipped, cut off, repeated, overwritten or mixed with those of `other`."""
    made = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        size = len(made)
        at = chance.randrange(size + 1)
        kind = chance.randrange(7)
        if kind == 0 and size:
            made[min(at, size - 1)] ^= 1 << chance.randrange(8)
        elif kind == 1 and size:
            made[min(at, size - 1)] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        elif kind == 2:
            del made[at : at + chance.choice((1, 4, 64, size))]
        elif kind == 3:
            made[at:at] = chance.randbytes(chance.choice((1, 4, 16)))
        elif kind == 4:
            made[at : at + 8] = chance.choice((0, 1, 2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1)).to_bytes(
                8, "little"
            )
        elif kind == 5:
            made[at:at] = made[at : at + chance.choice((8, 64, 1024))]
        elif other:
            start = chance.randrange(len(other))
            made[at : at + 64] = other[start : start + 64]
    return bytes(made)
