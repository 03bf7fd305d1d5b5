# SPDX-License-Identifier: MIT
"""Secrets in addresses, masked in one place for messages, reports and what is kept.

An address carries secrets as user and password (RFC 3986, section 3.2.1) and as parameters of its query or
fragment: access tokens, signatures of object stores, keys. Other parameters name records, and stay.
"""

import re
from urllib.parse import unquote

__all__ = ["MASK", "redacted"]

MASK = "***"
_USER = re.compile(r"//[^\s/?#\"<>]*@")
# The same without a scheme, as people paste it; `mailto:` and `git@host:path` have no password.
_BARE_USER = re.compile(r"(?<![^\s'\"(<=,])(?!mailto:)[\w.+~%-]{1,100}:[^\s/@?#\"<>]{1,500}@(?=[\w-]+[.:/])")
_PARAMETER = re.compile(r"([?&;#])([^=?&;#\s\"'<>]{1,100})=((?:[^&;#\s\"'<>]|;(?![^=&;#\s]{1,100}=))+)")
# Inside any name of a parameter, and as a whole word of one: `X-Amz-Signature`, `apikey`; `key`, `api_key`.
_INSIDE = re.compile("token|secret|passw|passphrase|signature|credential|accesskey|apikey|authkey")
_WORDS = frozenset(
    {"auth", "authorization", "bearer", "hmac", "jwt", "key", "otp", "pass", "pat", "pin", "pwd", "sas"}
    | {"session", "sessionid", "sid", "sig"}
)
_MOST_PASSES = (
    5  # what one secret hides of another is seen behind its mask; only hostile text has more layers
)
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
        text = _BARE_USER.sub(f"{MASK}@", _USER.sub(f"//{MASK}@", text))
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
