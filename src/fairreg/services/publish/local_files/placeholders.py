# SPDX-License-Identifier: MIT
"""Words of documentation in the place of a secret: user:password@localhost, hf_xxxxxxxx, AKIA...EXAMPLE."""

import re

__all__ = ["stands_for_another"]

_PLACEHOLDER = re.compile(
    # One letter again and again, as nobody's token has it; the examples of AWS; what is to be replaced.
    rb"([xX*])\1{7}|EXAMPLE(?:KEY)?\Z|(?i:\byour[_-]|placeholder|change[_-]?me|[_-]here\b)"
)
_ADDRESS = re.compile(rb"://([^:]*):(.*)@.", re.DOTALL)
_HOST = re.compile(rb"[A-Za-z0-9.-]+")
_PASSWORDS = frozenset(
    b"password passwd pwd passw0rd secret token example changeme your_password yourpassword your-password "
    b"mypassword my_password my-password mysecretpassword your_token your-token yourtoken".split()
)
_SHORT = frozenset(b"pass pw xxx tiger".split())
_USERS = frozenset(b"user username usr login your_username scott".split())
# Names of variables.
_VARIABLE = re.compile(
    rb"(?:[A-Z]+_)*(?:TOKEN|PASSWORD|PASSWD|PASS|PWD|SECRET|KEY|PAT)(?:_[A-Z]+)*|[xX*]{3,}|\.{3}"
)
_LOCAL = frozenset({b"localhost", b"127.0.0.1", b"0.0.0.0", b"host.docker.internal"})


def stands_for_another(found: re.Match[bytes]) -> bool:
    """Tell whether what has the form of a secret is a word of documentation in its place."""
    address = _ADDRESS.fullmatch(found[0])
    if address is not None:
        host = _HOST.match(found.string, found.end() - 1)
        return _is_example(address[1], address[2], host[0].lower() if host else b"")
    # The value behind a name.
    value = re.split(rb"[\s:=,\"'\\(]+", found[0].rstrip(b"=\"'"))[-1]
    return _PLACEHOLDER.search(value) is not None


def _is_example(user: bytes, password: bytes, host: bytes) -> bool:
    """Tell whether a password of an address is none; on one's own computer, a user's name is one, too."""
    word = password.lower()
    if word in _PASSWORDS or _VARIABLE.fullmatch(password):
        return True
    if word in _SHORT and user.lower() in _USERS:
        return True
    return password == user and password.isalpha() and (host in _LOCAL or b"." not in host)
