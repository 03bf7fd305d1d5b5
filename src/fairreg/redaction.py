# SPDX-License-Identifier: MIT
"""Secrets in addresses, masked in one place for messages, reports and what is kept.

An address carries secrets as user and password (RFC 3986, section 3.2.1) and as parameters of its query or
fragment: access tokens, signatures of object stores, keys. Other parameters name records, and stay.

Services also send back the credentials that they got, in any spelling of the text around them.
"""

import re
from base64 import b64decode
from functools import lru_cache
from urllib.parse import unquote

__all__ = ["MASK", "echoes", "redacted"]

MASK = "***"
# "git" alone is what code hosts call everybody over SSH. A path keeps one of the two slashes.
_USER = re.compile(r"(//|(?<=[a-z]{2}:)/)(?!git@[^\s/?#\"<>@]*(?:[\s/?#\"<>]|\Z))[^\s/?#\"<>]*@")
# The same without a scheme, as people paste it; `mailto:` and `git@host:path` have no password.
_BARE_USER = re.compile(r"(?<![^\s'\"(<=,])(?!mailto:)[\w.+~%-]{1,100}:[^\s/@?#\"<>]{1,500}@(?=[\w-]+[.:/])")
_PARAMETER = re.compile(r"([?&;#])([^=?&;#\s\"'<>]{1,100})=((?:[^&;#\s\"'<>]|;(?![^=&;#\s]{1,100}=))+)")
# Inside any name of a parameter, and as a whole word of one: `X-Amz-Signature`, `apikey`; `key`, `api_key`.
_INSIDE = re.compile("token|secret|passw|passphrase|signature|credential|accesskey|apikey|authkey")
_WORDS = frozenset(
    {"auth", "authorization", "bearer", "hmac", "jwt", "key", "otp", "pass", "pat", "pin", "pwd", "sas"}
    | {"session", "sessionid", "sid", "sig"}
)
# What one secret hides of another is seen behind its mask; only hostile text has more layers.
_MOST_PASSES = 5
# Tokens that name a page of a list.
_PAGES = re.compile("(?:resumption|page|continuation|next|cursor|sync)token")


def redacted(text: str) -> str:
    """Replace user, password and secret parameters of the addresses in `text` by ``***``; idempotent.

    >>> redacted("https://me:secret@example.org/data?id=1&token=abc")
    'https://***@example.org/data?id=1&token=***'
    """
    for _ in range(_MOST_PASSES):
        before, text = text, _once(text)
        if text == before:
            break
    return text


def _once(text: str) -> str:
    if "@" in text:
        text = _BARE_USER.sub(f"{MASK}@", _USER.sub(rf"\1{MASK}@", text))
    return _PARAMETER.sub(_parameter, text) if "=" in text else text


def _parameter(found: re.Match[str]) -> str:
    delimiter, name, value = found.groups()
    return f"{delimiter}{name}={MASK if _is_secret(name) else value}"


def _is_secret(name: str) -> bool:
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+", unquote(name))
    joined = "".join(words).lower()
    if _PAGES.search(joined):
        return False
    return bool(_INSIDE.search(joined)) or any(word.lower() in _WORDS for word in words)


@lru_cache(maxsize=16)
def echoes(authorization: str, shortest: int) -> "re.Pattern[bytes] | None":
    """Return a pattern of what a header Authorization reveals, in each spelling that an answer may use.

    These are the credentials as sent, and for Basic also user with password and the password, each as plain
    text and escaped for JSON, URLs or HTML, letter by letter. Texts below `shortest` are left out, and those
    below eight letters match as whole words only.
    """
    secrets = {item for item in _revealed(authorization) if len(item) >= max(1, shortest)}
    if not secrets:
        return None
    longest_first = sorted(secrets, key=lambda item: (-len(item), item))
    return re.compile(b"|".join(_any_spelling(item) for item in longest_first))


def _revealed(authorization: str) -> list[str]:
    scheme, _, sent = authorization.partition(" ")
    if scheme.lower() != "basic":
        return [sent]
    try:
        login = b64decode(sent, validate=True).decode()
    except ValueError:
        return [sent]
    user, _, password = login.partition(":")
    # Some services take a token as the user, without a password.
    return [sent.rstrip("="), login, password or user]


_WORD_LENGTH = 8  # shorter secrets may be parts of words


def _any_spelling(secret: str) -> bytes:
    # A run of backslashes is one element without backtracking: any may be escaped, hostile text has many.
    parts = re.findall(r"\\+|[^\\]", secret, re.DOTALL)
    # UTF-16 puts zeros between the letters.
    whole = b"\0*+".join(_backslashes(len(part)) if part[0] == "\\" else _spellings(part) for part in parts)
    if len(secret) >= _WORD_LENGTH:
        return whole
    return rb"(?<![0-9A-Za-z])(?:" + whole + rb")(?![0-9A-Za-z])"


def _backslashes(number: int) -> bytes:
    return rb"(?:(?:\\\0*+){%d,}+|(?:%%5[cC]|\\++u005[cC]|&#92;|&#[xX]5[cC];){%d})" % (number, number)


def _spellings(letter: str) -> bytes:
    """Return the alternatives for one letter; each begins with a literal, so that searches stay fast."""
    stored = {letter.encode(charset, "ignore") for charset in ("utf-8", "latin-1")} - {b""}
    ways = {re.escape(item) for item in stored}
    ways |= {b"".join(_hexadecimal(b"%", item) for item in text) for text in stored}
    units = letter.encode("utf-16-be", "surrogatepass").hex()
    unicode = (units[place : place + 4] for place in range(0, len(units), 4))
    ways.add(b"".join(rb"\\++u" + _either_case(unit) for unit in unicode))
    ways.add(b"&#0*%d;" % ord(letter))
    ways.add(b"&#[xX]0*" + _either_case(f"{ord(letter):x}") + b";")
    ways |= {rb"\\++" + re.escape(letter.encode())} if letter in "\"'/" else set()
    named = {"&": b"&amp;", "<": b"&lt;", ">": b"&gt;", '"': b"&quot;", "'": b"&apos;", " ": rb"\+"}
    ways |= {named[letter]} if letter in named else set()
    return b"(?:" + b"|".join(sorted(ways)) + b")"


def _hexadecimal(sign: bytes, number: int) -> bytes:
    return sign + _either_case(f"{number:02x}")


def _either_case(digits: str) -> bytes:
    return re.sub("[a-f]", lambda found: f"[{found[0]}{found[0].upper()}]", digits).encode()
