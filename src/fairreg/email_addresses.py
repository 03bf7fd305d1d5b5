# SPDX-License-Identifier: MIT
"""E-mail addresses in texts of others, replaced by a note that one is stated.

Records hold no address (`fairreg.schemas.record` asks this module), so no format, page or export shows one.
Other text with an "@" stays: ``git@github.com:owner/name``, ``user@host:~/path``, ``@mention``,
``owner/name@v1.0``, ``@user:matrix.org``, ``@user@mastodon.social``, the path of a web address and the user
in front of its host, names of files, ``q@k.to(device)`` of code. Where a text may be either,
it is an address.
"""

import base64
import json
import re
from itertools import pairwise

from fairreg.email_spellings import Spelled
from fairreg.top_level_domains import TOP_LEVEL_DOMAINS

__all__ = ["NOTE", "without_addresses", "without_addresses_in_name", "without_addresses_in_payload"]

NOTE = "(e-mail address)"
# Every part is possessive and begins where no part of the same kind can have begun before: linear time.
# A text in quotes may begin at every quote, so it is bounded.
_ADDRESS = re.compile(
    r"""
    (?P<web>(?:(?<![a-z0-9+.-])(?!mailto:)[a-z][a-z0-9+.-]*+://|(?<![\w.@/-])www\.)  # up to the query
      (?P<authority>[^\s/?\#<>"'`|{}\\^()\[\],;]*+)(?:(?!mailto:)[^\s?\#<>"'`|{}\\^()\[\],;])*+)
    | (?P<mailto>(?<![a-z])mailto:(?://)?)?   # not possessive: Python before 3.11.5 then forgets the rest
      (?:(?P<local>(?<![\w.+@-])[\w.+-]++) | \{[^{}\n]*+\} | "[^"\n]{1,64}+")
      [*`]{0,3}+ @ [*`]{0,3}+
      (?P<domain>[^\W_][\w-]*+(?:\.[\w-]++)*+)
      (?P<path>:(?=~|\.{0,2}/[\w.~-]|(?-i:[a-z0-9_])[\w.-]*+/[\w.-])(?![^\s@]*+@))?    # user@host:path of scp
    """,
    re.VERBOSE | re.IGNORECASE,
)
_USERS_OF_SERVICES = frozenset({"git", "hg"})  # the user of everyone who clones
_OWN_SCOPE = re.compile(r"(?:(?:\A|[\s\"'`(=])@[\w.-]{1,214}|(?<![\w.])10\.\d{4,9})/\Z")  # of npm; of a DOI
_LONGEST_SCOPE = 220
# Methods of arrays that are also top-level domains: q@k.to(device) and x@w.dot(y) multiply matrices.
_METHODS = frozenset(
    {
        "at",
        "cat",
        "dot",
        "eq",
        "ge",
        "gt",
        "is",
        "it",
        "le",
        "lt",
        "map",
        "me",
        "mm",
        "mv",
        "name",
        "ne",
        "select",
        "to",
    }
)
# Suffixes of files that are also top-level domains, and names of states of weights: weights@best.pt.
_SUFFIXES = frozenset(
    {
        "ai",
        "app",
        "cc",
        "cr",
        "js",
        "md",
        "ml",
        "mm",
        "mov",
        "pl",
        "ps",
        "pt",
        "py",
        "rs",
        "sh",
        "so",
        "st",
        "to",
        "zip",
    }
)
_STATES = re.compile(
    r"(?:weights?|models?|checkpoints?|ckpts?|nets?|state|run|train|train(?:ing|ed)|best|last|latest|final|main|master"
    r"|epochs?|steps?|iter|fold|seed|next|stable|nightly|rev|version)(?:[\d_-].*)?",
    re.IGNORECASE,
)
# First words of sentences that are also top-level domains: "Precision@k.In the end".
_FIRST_WORDS = frozenset(
    {
        "all",
        "am",
        "as",
        "at",
        "be",
        "by",
        "do",
        "here",
        "how",
        "in",
        "is",
        "it",
        "live",
        "me",
        "my",
        "no",
        "now",
        "one",
        "open",
        "so",
        "such",
        "to",
        "us",
    }
)
_PROVIDERS = frozenset(
    {"gmail", "hotmail", "icloud", "outlook", "protonmail", "yahoo"}
)  # gmail.copm is a slip
_VERSION = re.compile(r"v?\d+\.\d|sha(?:256|512)\b", re.IGNORECASE)
_SHORTEST_TOP = 2
_LITERAL = re.compile(  # of JSON (RFC 8259, 7), or its beginning; a colon follows the name of a member
    r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?(?P<colon>\s*+:)?+', re.DOTALL
)
_MAY_HOLD_ONE = re.compile(r"[@&%\\\uff20\ufe6b]")
_MEMBERS_OF_FILES = frozenset({"file", "file_name", "filename", "key", "path", "rfilename"})
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]\s*+){16,}+(?:=\s*+){0,2}+")
_BYTE_ORDER_MARKS = {
    b"\xff\xfe\0\0": "utf-32-le",
    b"\0\0\xfe\xff": "utf-32-be",
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
}
_EMPTY_BRACKETS = re.compile(rf"[<(\[]?\s*{re.escape(NOTE)}\s*[>)\]]?")


def without_addresses(text: str, *, of_file: bool = False) -> str:
    """Return `text` with `NOTE` in the place of each e-mail address; in linear time.

    `of_file`: the text names a file, so ``ada@x.pt`` is one, and so is ``ada@example.org.txt``.

    >>> without_addresses("Write to Ada (ada.rossi@physics.example.org), not to git@github.com:ada/jets.")
    'Write to Ada ((e-mail address)), not to git@github.com:ada/jets.'
    """
    spelled = Spelled.of(text)
    if spelled is None:
        return text
    spans = (_address_in(match, of_file=of_file) for match in _ADDRESS.finditer(spelled.text))
    return spelled.replaced([span for span in spans if span is not None], NOTE)


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

    Texts in base64 inside JSON are read, too.

    >>> without_addresses_in_payload(b'{"email": "ada@example.org", "n": 1.50}')
    b'{"email": "(e-mail address)", "n": 1.50}'
    """
    encoding = _encoding(content)
    try:
        text = content.decode(encoding, "surrogateescape")
    except UnicodeDecodeError:  # half a character of UTF-16
        encoding = "utf-8"
        text = content.decode(encoding, "surrogateescape")
    is_json = text.lstrip("\ufeff \t\r\n")[:1] in {"{", "[", '"'}
    noted = _JsonText().noted(text) if is_json else without_addresses(text)
    return content if noted == text else noted.encode(encoding, "surrogateescape")


def _encoding(content: bytes) -> str:
    """Return UTF-16 or UTF-32 of a text with their mark or full of zeros, else UTF-8."""
    marked = next((name for mark, name in _BYTE_ORDER_MARKS.items() if content.startswith(mark)), None)
    zeros = content.count(0)
    return marked or (json.detect_encoding(content) if zeros * 3 > len(content) else "utf-8")


class _JsonText:
    """Reader of a JSON text, of whose strings those with an address are written anew.

    Names of members that are addresses stay different.
    """

    def __init__(self) -> None:
        self._member = ""
        self._names: dict[str, str] = {}

    def noted(self, text: str) -> str:
        """Return the text without addresses; what is between strings is read as text, for what is no JSON."""
        parts, end = [], 0
        for literal in _LITERAL.finditer(text):
            parts += [_noted_if_any(text[end : literal.start()]), self._literal(literal)]
            end = literal.end()
        return "".join([*parts, _noted_if_any(text[end:])])

    def _literal(self, match: re.Match[str]) -> str:
        colon = match["colon"] or ""
        literal = match[0].removesuffix(colon)
        try:
            stated = json.loads(literal, strict=False) if "\\" in literal else literal[1:-1]
        except ValueError:
            stated = None
        if stated is None or len(literal) < len('""') or literal[-1] != '"':
            return _noted_if_any(literal) + colon
        if colon:
            self._member = stated.lower()
        noted = self._name(stated) if colon else self._value(stated)
        if noted == stated:
            return match[0]
        return json.dumps(noted, ensure_ascii=not re.search("[\udc80-\udcff]", noted)) + colon

    def _name(self, stated: str) -> str:
        noted = _noted_if_any(stated)
        if noted == stated:
            return stated
        return self._names.setdefault(stated, f"{noted} {len(self._names) + 1}" if self._names else noted)

    def _value(self, stated: str) -> str:
        if _BASE64.fullmatch(stated):
            return _noted_base64(stated)
        return _noted_if_any(stated, of_file=self._member in _MEMBERS_OF_FILES)


def _noted_if_any(text: str, *, of_file: bool = False) -> str:
    return without_addresses(text, of_file=of_file) if _MAY_HOLD_ONE.search(text) else text


def _noted_base64(stated: str) -> str:
    """Return a text in base64 without addresses, in base64; other bytes stay."""
    try:
        content = base64.b64decode(stated)
        content.decode(_encoding(content))
    except ValueError:
        return stated
    noted = without_addresses_in_payload(content)
    return stated if noted == content else base64.b64encode(noted).decode()


def _address_in(match: re.Match[str], *, of_file: bool) -> tuple[int, int] | None:
    """Return the place of the address in a match, None where it has none."""
    if match["web"] is not None:
        # A user of a web address stays, unless the user is an address: https://ada@cern.ch@host/.
        user, at, _ = match["authority"].rpartition("@")
        start = match.start("authority")
        return (start, start + len(user)) if at and "@" in user else None
    length = _host_length(match, of_file=of_file)
    if not length or match["path"] or (match["local"] or "").lower() in _USERS_OF_SERVICES:
        return None
    return match.start(), match.start("domain") + length


def _host_length(match: re.Match[str], *, of_file: bool) -> int:
    """Return the length of the longest beginning of a domain that may receive mail; 0 without one.

    It is shorter than the domain where text follows without a blank: ``ada@cern.ch_``, ``ada@cern.ch.In``.
    """
    domain = match["domain"]
    if _VERSION.match(domain) or _in_a_scope(match):
        return 0
    if of_file and match.string[match.end("domain") :].startswith("/"):
        return 0  # a folder
    provider = domain.partition(".")[0].lower() in _PROVIDERS
    sure = provider or match["mailto"] is not None or _in_angles(match)
    ends = [dot.start() for dot in re.finditer(r"\.", domain)] + [len(domain)]
    for dot, end in reversed(list(pairwise(ends))):
        top = domain[dot + 1 : end].split("_", 1)[0].rstrip("-")
        if _is_top(top, domain[:dot].rpartition(".")[2], sure=sure and end == len(domain)) and not (
            dot == ends[0] and _is_code_or_file(match, top, of_file=of_file)
        ):
            whole = end == len(domain)
            return 0 if of_file and not (whole or " " in match.string) else dot + 1 + len(top)
    return 0


def _is_top(top: str, before: str, *, sure: bool) -> bool:
    """Tell whether a label is a top-level domain behind `before`; any word is one where it is `sure`."""
    if top.lower().startswith("xn--"):
        return top.replace("-", "").isalnum()
    if len(top) < _SHORTEST_TOP or not top.isalpha():
        return False
    if not (top.islower() or top.isupper() or top.istitle()) and top.isascii():
        return False  # q@k.mT
    if top.istitle() and top.lower() in _FIRST_WORDS and not before.istitle():
        return False
    return sure or not top.isascii() or top.lower() in TOP_LEVEL_DOMAINS


def _in_angles(match: re.Match[str]) -> bool:
    text, start, end = match.string, match.start(), match.end("domain")
    return text[start - 1 : start] == "<" and text[end : end + 1] == ">"


def _in_a_scope(match: re.Match[str]) -> bool:
    """Tell whether a package of a scope (``@scope/name@next.js``) or a DOI is before the match."""
    start = match.start()
    if match.string[start - 1 : start] != "/":
        return False
    return _OWN_SCOPE.search(match.string[max(0, start - _LONGEST_SCOPE) : start]) is not None


def _is_code_or_file(match: re.Match[str], top: str, *, of_file: bool) -> bool:
    """Tell whether a domain of two labels is a call of a method or the end of a file's name."""
    end = match.end("domain")
    if top in _METHODS and match.string[end : end + 1] in {"(", "["}:
        return True
    if top not in _SUFFIXES or match["mailto"]:
        return False
    words = match["local"] or "", match["domain"].partition(".")[0]
    return of_file or top == "py" or any(_STATES.fullmatch(word) for word in words)
