# SPDX-License-Identifier: MIT
"""Resumption tokens: all that a server has to know to go on with a list, in the token itself.

A token names the place after which the list goes on, not a number of records, so that changes between two
pages skip nothing. It never expires, outlives a restart, and any process of the server understands it. The
checksum shows a token that was cut or changed on its way. It is no signature, because there is nothing to
protect: whoever makes a token asks for a list that the arguments could ask for as well, and every value in it
is checked like an argument.
"""

import base64
import binascii
import hashlib
import re
from typing import Final

import msgspec

from fairreg.server.oai.arguments import LISTS, checked_window
from fairreg.server.oai.faults import OaiFault
from fairreg.server.oai.payloads import FORMATS
from fairreg.server.oai.sets import filters_of

__all__ = ["ListToken", "decoded", "encoded"]

_CHECKSUM: Final = 9  # bytes, so that base64 needs no padding for them
_LONGEST: Final = 2000
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?\+00:00", re.ASCII)
_MOST: Final = 2**31 - 1  # of the database's numbers


class ListToken(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A list and the place where it goes on.

    `time` and `number` are the place of the last change given out, `given` is how many were.
    """

    verb: str
    prefix: str
    first: str | None
    last: str | None
    set_spec: str | None
    time: str
    number: int
    given: int


def encoded(token: ListToken) -> str:
    """Return the token in letters, digits, hyphens and underscores."""
    content = msgspec.json.encode(token)
    return base64.urlsafe_b64encode(_checksum(content) + content).decode().rstrip("=")


def decoded(text: str, verb: str) -> ListToken:
    """Return the token that `encoded` wrote for a list of the same verb. Raises OaiFault."""
    try:
        token = _content(text)
        checked_window(token.first, token.last)
    except (binascii.Error, UnicodeError, msgspec.DecodeError, ValueError, OaiFault) as error:
        raise _bad("was not given out by this server, or is damaged") from error
    if token.prefix not in FORMATS or (token.set_spec is not None and filters_of(token.set_spec) is None):
        raise _bad("is of a list that this repository has not")
    if token.verb != verb or verb not in LISTS:
        raise _bad(f"is not of a list that {verb} gives")
    if not (_TIME.fullmatch(token.time) and abs(token.number) <= _MOST and 0 <= token.given <= _MOST):
        raise _bad("names no place in the list")
    return token


def _content(text: str) -> ListToken:
    if len(text) > _LONGEST or not text.isascii():
        raise ValueError("too long")
    whole = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    content = whole[_CHECKSUM:]
    if whole[:_CHECKSUM] != _checksum(content):
        raise ValueError("another checksum")
    token = msgspec.json.decode(content, type=ListToken)
    if encoded(token) != text:
        raise ValueError("another spelling")
    return token


def _checksum(content: bytes) -> bytes:
    return hashlib.sha256(b"fairreg oai 1\n" + content).digest()[:_CHECKSUM]


def _bad(fault: str) -> OaiFault:
    return OaiFault("badResumptionToken", f"The resumption token {fault}; ask for the list again.")
