# SPDX-License-Identifier: MIT
"""E-mail addresses in texts of others, replaced by a note that one is stated.

Records hold no address (`fairreg.schemas.record` asks this module), so no format, page or export shows one.
Other text with an "@" stays: ``git@github.com:owner/name``, ``user@host:path``, ``@mention``,
``owner/name@v1.0``, ``@user:matrix.org``, ``@user@mastodon.social``, ``user@`` in the authority of an
address, ``x@self.weight`` of code.
"""

import json
import re

__all__ = ["NOTE", "without_addresses", "without_addresses_in_name", "without_addresses_in_payload"]

NOTE = "(e-mail address)"
# The "@": escaped for Markdown or JSON, as a character reference of HTML, percent-encoded or of full width.
_SIGN = r"(?:\\?@|&\#0*+64;|&\#x0*+40;|&commat;|%40|\\u0040|\uff20|\ufe6b)"
_ANY_SIGN = re.compile(rf"{_SIGN}|\xef\xbc\xa0|\xef\xb9\xab", re.IGNORECASE)  # the last two in UTF-8
_LITERAL = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)  # of JSON (RFC 8259, 7), or its beginning
# Every part is possessive and begins where no part of the same kind can have begun before: linear time.
_ADDRESS = re.compile(
    rf"""
    ://[^\s/@?\#]*+@                                     # user information of a web address (RFC 3986, 3.2.1)
    | (?:(?<![A-Za-z])mailto:)?+
      (?:(?P<local>(?<![\w.+@-])[\w.+-]++) | (?P<group>\{{[^{{}}@\n]*+\}}))
      {_SIGN}
      (?P<domain>[^\W_][\w-]*+(?:\.[\w-]++)*+)
      (?P<path>:(?=[\w~/.])(?![^\s@]*+@))?               # user@host:path of scp
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Last labels of names of files, and methods of arrays (q@k.transpose(1, 2) multiplies matrices): not domains.
_NO_TOP = re.compile(
    r"png|jpg|jpeg|gif|svg|webp|pdf|txt|csv|json|yaml|yml|onnx|html|xml|toml|cfg|ini|log"
    r"|ckpt|safetensors|parquet|root|gz|tar|bz|xz|pkl|pth|npy|npz"
    r"|transpose|permute|reshape|view|float|double|half|mean|sum|numpy|detach|conj|weight",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"v?\d+(?:\.\d+)+(?:\.|\Z)", re.IGNORECASE)
_LEAST_TOP, _SHORTEST_NUMERIC_HOST = 2, 3
_EMPTY_BRACKETS = re.compile(rf"[<(\[]?\s*{re.escape(NOTE)}\s*[>)\]]?")


def without_addresses(text: str) -> str:
    """Return `text` with `NOTE` in the place of each e-mail address; in linear time.

    >>> without_addresses("Write to Ada (ada.rossi@physics.example.org), not to git@github.com:ada/jets.")
    'Write to Ada ((e-mail address)), not to git@github.com:ada/jets.'
    """
    return _ADDRESS.sub(_replacement, text)


def without_addresses_in_name(text: str) -> str:
    """Return the name of a person or organisation without e-mail addresses; `NOTE` if nothing else is in it.

    >>> without_addresses_in_name("Ada Rossi <ada.rossi@physics.example.org>")
    'Ada Rossi'
    """
    noted = without_addresses(text)
    if noted == text:
        return text
    return " ".join(_EMPTY_BRACKETS.sub(" ", noted).split()).strip(" ,;:") or NOTE


def without_addresses_in_payload(content: bytes) -> bytes:
    """Return a payload without e-mail addresses: JSON stays JSON, with all else as it was; linear time.

    >>> without_addresses_in_payload(b'{"email": "ada@example.org", "n": 1.50}')
    b'{"email": "(e-mail address)", "n": 1.50}'
    """
    # Bytes outside ASCII stay as they are, in any encoding that contains ASCII.
    text = content.decode("latin-1")
    if not _ANY_SIGN.search(text):
        return content
    is_json = text.lstrip()[:1] in {"{", "["}
    text = _LITERAL.sub(_literal, text) if is_json else without_addresses(text)
    return text.encode("latin-1")


def _literal(match: re.Match[str]) -> str:
    """Return a string of JSON without addresses, in its own spelling where it has none."""
    if not _ANY_SIGN.search(match[0]):
        return match[0]
    try:
        stated = json.loads(match[0].encode("latin-1"), strict=False)
    except ValueError:
        return without_addresses(match[0])
    noted = without_addresses(stated)
    return match[0] if noted == stated else json.dumps(noted)


def _replacement(match: re.Match[str]) -> str:
    domain = match["domain"]
    if domain is None or match["path"] or not _is_host(domain):
        return match[0]
    return match[0] if match["local"] == "git" else NOTE


def _is_host(domain: str) -> bool:
    """Tell whether a domain may receive mail: neither a version, a name of a file, code nor a number."""
    first, *middle = domain.split(".")
    top = middle[-1] if middle else ""
    word = top.replace("-", "").isalnum() if top.lower().startswith("xn--") else top.isalpha()
    if not word or len(top) < _LEAST_TOP or _NO_TOP.fullmatch(top) or first == "self":
        return False
    if first.isdigit():  # 163.com, but not "accuracy@5.The"
        return len(first) >= _SHORTEST_NUMERIC_HOST and top.islower() and not _NUMBERS.match(domain)
    return not _NUMBERS.match(domain)
