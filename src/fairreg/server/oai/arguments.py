# SPDX-License-Identifier: MIT
"""Arguments of a request, by the rules of OAI-PMH 2.0, sections 2.5, 3.1 and 4."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from fairreg.server.oai.faults import OaiFault

__all__ = ["LISTS", "OaiRequest", "checked_window", "request_of"]

_RESUMPTION: Final = "resumptionToken"


class _Verb(NamedTuple):
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()


_SELECTIVE = _Verb(frozenset({"metadataPrefix"}), frozenset({"from", "until", "set", _RESUMPTION}))
_VERBS: Final[Mapping[str, _Verb]] = {
    "Identify": _Verb(),
    "ListMetadataFormats": _Verb(optional=frozenset({"identifier"})),
    "ListSets": _Verb(optional=frozenset({_RESUMPTION})),
    "GetRecord": _Verb(frozenset({"identifier", "metadataPrefix"})),
    "ListIdentifiers": _SELECTIVE,
    "ListRecords": _SELECTIVE,
}
LISTS: Final = frozenset({"ListIdentifiers", "ListRecords"})
_WORD = r"[A-Za-z0-9\-_.!~*'()]+"
# Patterns of OAI-PMH.xsd, metadataPrefixType and setSpecType.
_SYNTAX = {
    "metadataPrefix": re.compile(_WORD),
    "set": re.compile(rf"{_WORD}(?::{_WORD})*"),
}
_DAY, _SECOND = re.compile(r"\d{4}-\d{2}-\d{2}"), re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")


@dataclass(frozen=True)
class OaiRequest:
    """A verb with its arguments, each of which stands once and has a value in a form that is allowed."""

    verb: str
    arguments: Mapping[str, str]

    @property
    def token(self) -> str | None:
        """The resumption token, if the request goes on with a list."""
        return self.arguments.get(_RESUMPTION)


def request_of(pairs: Sequence[tuple[str, str]]) -> OaiRequest:
    """Return the request that names and values make. Raises OaiFault."""
    verb = _verb(pairs)
    rule = _VERBS[verb]
    given = [(name, value) for name, value in pairs if name != "verb"]
    _require_known(verb, given, rule)
    arguments = dict(given)
    if _RESUMPTION in arguments and len(arguments) > 1:
        raise OaiFault("badArgument", f"{_RESUMPTION} is exclusive: no argument may stand beside it.")
    missing = () if _RESUMPTION in arguments else sorted(rule.required - arguments.keys())
    if missing:
        raise OaiFault("badArgument", f"{verb} requires {' and '.join(missing)}.")
    for name, value in given:
        if not value or (name in _SYNTAX and not _SYNTAX[name].fullmatch(value)):
            raise OaiFault("badArgument", f"The value of {name} is {'malformed' if value else 'empty'}.")
    checked_window(arguments.get("from"), arguments.get("until"))
    return OaiRequest(verb, arguments)


def _verb(pairs: Sequence[tuple[str, str]]) -> str:
    stated = [value for name, value in pairs if name == "verb"]
    if not stated:
        raise OaiFault("badVerb", f"The argument verb is missing; it is one of {', '.join(_VERBS)}.")
    if len(stated) > 1:
        raise OaiFault("badVerb", "The argument verb is repeated.")
    if stated[0] not in _VERBS:
        raise OaiFault("badVerb", f"There is no such verb; it is one of {', '.join(_VERBS)}.")
    return stated[0]


def _require_known(verb: str, given: Sequence[tuple[str, str]], rule: _Verb) -> None:
    known = rule.required | rule.optional
    if any(name not in known for name, _ in given):
        allowed = f"only {', '.join(sorted(known))}" if known else "no argument"
        raise OaiFault("badArgument", f"{verb} takes {allowed}.")
    repeated = [name for name, times in Counter(name for name, _ in given).items() if times > 1]
    if repeated:
        raise OaiFault("badArgument", f"The argument {repeated[0]} is repeated.")


def checked_window(first: str | None, last: str | None) -> None:
    """Check the dates of a list: form, granularity and order. Raises OaiFault."""
    for name, value in (("from", first), ("until", last)):
        if value is not None and not _is_date(value):
            raise OaiFault("badArgument", f"The value of {name} is not YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ.")
    if first is None or last is None:
        return
    if len(first) != len(last):
        raise OaiFault("badArgument", "from and until have different granularities.")
    if first > last:
        raise OaiFault("badArgument", "from is later than until.")


def _is_date(text: str) -> bool:
    form = "%Y-%m-%d" if _DAY.fullmatch(text) else "%Y-%m-%dT%H:%M:%SZ" if _SECOND.fullmatch(text) else ""
    try:
        return bool(form) and text.isascii() and bool(datetime.strptime(text, form))  # noqa: DTZ007  # checked only
    except ValueError:
        return False
