# SPDX-License-Identifier: MIT
"""Secrets without a form of their own: random text behind a name such as `X_TOKEN`, in code and settings.

A name and its value stand in many ways: an assignment, an entry of a mapping (os.environ["X_TOKEN"] = "..."),
an argument (getenv("X_TOKEN", "...")), a blank of a shell, a notebook or a Dockerfile, a tag, a line below.
"""

import re
from collections.abc import Iterator

__all__ = ["holds_named_secret", "is_placeholder", "is_random"]

_KEYS = (
    rb"(?:api|access|auth|account|admin|aws|azure|client|comet|dataverse|encryption|hf|kaggle|mlflow|neptune|"
    rb"openai|private|secret|service|signing|subscription|wandb|zenodo)[_-]?key"
    # Names of variables of the environment; keys of caches and tables are no secrets.
    rb"|(?-i:(?<=[A-Z0-9])(?<!CACHE)(?<!HASH)(?<!PUBLIC)(?<!SORT)(?<!PRIMARY)(?<!FOREIGN)_KEY)"
)
_NAME = rb"(?:token|secret|(?P<password>passw(?:or)?d)|(?P<key>" + _KEYS + rb"))"
_QUOTE = rb"[bfru]{0,2}(?=[\"'\\])[\"'\\]{1,4}"
_SIGN = rb"[ \t]{0,3}(?:\\?u003c-|=>|<-|:=|==|[:=>])[ \t]{0,3}"
_TO_VALUE = (
    rb"(?:[\"'\\]{0,3}[\])]?(?:[ \t]?:[ \t]?str(?:[ \t]?\|[ \t]?None)?)?" + _SIGN + rb"(?:" + _QUOTE + rb")?"
    # A second argument, or the next string of a list.
    rb"|[\"'\\]{1,3}[ \t]{0,3},\s{0,20}" + _QUOTE +
    # The line below, as in YAML; and the entry behind that of the name, as of containers.
    rb"|[\"']?:[ \t]{0,3}[|>]?-?\r?\n[ \t]{1,20}[\"']?"
    rb"|[\"']?,?\s{1,40}[\"']?value[\"']?\s{0,3}[:=]\s{0,3}[\"']?)"
)
_VALUE = rb"(?P<value>[A-Za-z0-9_~+/.-]{12,512})"
_NAMED = re.compile(_NAME + _TO_VALUE + _VALUE, re.IGNORECASE)
# Commands that take a name and a value with a blank between them.
_COMMAND = re.compile(
    rb"(?<![A-Za-z0-9])(?:env|arg|setenv|setx|set|config|modify|login)[ \t]{1,3}"
    rb"(?:[\w.-]{1,40}[ \t]{1,3}){0,3}[\w.-]{0,40}" + _NAME + rb"[ \t]{1,3}[\"'\\]{0,2}" + _VALUE,
    re.IGNORECASE,
)
_OPTION = re.compile(
    rb"--[a-z-]{0,30}(?:token|secret|(?P<password>password)|api-key)[ =][\"']?" + _VALUE, re.IGNORECASE
)
# A user's name, or nothing but the token, before the host of an address; and the option of curl.
_USER = re.compile(rb"://(?P<value>[A-Za-z0-9_~.-]{20,255})@(?!sha256:)[A-Za-z0-9\[]")
_CURL = re.compile(rb"(?<![\w-])(?:-u|--user)[ =]?[\"']?[^\s:\"'$<{]{1,64}:(?P<password>)" + _VALUE)
_SEARCHES = (
    ((b"token", b"secret", b"passw", b"key"), _NAMED),
    ((b"token", b"secret", b"passw", b"key"), _COMMAND),
    ((b"--",), _OPTION),
    ((b"://",), _USER),
    ((b"-u", b"--user"), _CURL),
)
_BEGINNING = rb"(?<![A-Za-z0-9])(?:"
_FORMS = (
    (b"nvapi-", rb"nvapi-[A-Za-z0-9_-]{60,}"),
    (b"xai-", rb"xai-[A-Za-z0-9]{80}"),
    (b"lsv2_", rb"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}"),
    (b"pcsk_", rb"pcsk_[A-Za-z0-9]{4,8}_[A-Za-z0-9]{50,}"),
    (b"tvly-", rb"tvly-(?:dev-)?[A-Za-z0-9]{32}"),
    (b"jina_", rb"jina_[A-Za-z0-9_-]{60}"),
    (b"dckr_", rb"dckr_(?:pat|oat)_[A-Za-z0-9_-]{27,}"),
    (b"hvs.", rb"hvs\.[A-Za-z0-9_-]{24,}"),
    (b"8q~", rb"[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{34}(?![A-Za-z0-9_~.-])"),
    (
        b"wandb",
        rb"wandb[\"']?:\s{1,20}(?:[^\n]{0,80}\n\s{1,20}){0,3}?[\"']?key[\"']?:\s{1,3}[\"']?[0-9a-f]{40}",
    ),
)
_COMPILED = tuple((word, re.compile(_BEGINNING + form + rb")")) for word, form in _FORMS)
_SHORTEST, _SHORTEST_PASSWORD = 24, 12
# As long as that, letters and digits without anything between them are a secret in any order.
_PLAIN = re.compile(rb"(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]+")
_PLAIN_LENGTH, _PLAIN_KEY = 32, 20
_UUID = re.compile(rb"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_WORD_AND_NUMBER = re.compile(rb"[A-Za-z]*[0-9]*")
_BETWEEN_WORDS = re.compile(rb"[_~+/.-]+")
_CHANGE = re.compile(rb"(?<=[0-9])(?=[A-Za-z])|(?<=[A-Za-z])(?=[0-9])")
_CAPITAL = re.compile(rb"(?<=[a-z])(?=[A-Z])")
_PLACEHOLDER = re.compile(
    rb"your|example|placeholder|replace|insert|change_?me|dummy|here|(.)\1{5}"
    rb"|\Ae3b0c44298fc1c149afbf4c8996fb924",  # the digest of an empty file
    re.IGNORECASE,
)
_CHANGES, _ALL_CHANGES = 4, 6  # of 24 random letters and digits nearly all have that many


def holds_named_secret(text: bytes, lowered: bytes, start: int = 0) -> bool:
    """Tell whether a text holds a secret that its name tells, from `start` on; `lowered` is the text, too."""
    if any(form.search(text, start) for word, form in _COMPILED if word in lowered):
        return True
    return any(map(_is_secret, _candidates(text, lowered, start)))


def _candidates(text: bytes, lowered: bytes, start: int) -> Iterator[re.Match[bytes]]:
    for words, form in _SEARCHES:
        if any(word in lowered for word in words):
            yield from form.finditer(text, start)


def _is_secret(found: re.Match[bytes]) -> bool:
    value, named = found["value"], found.groupdict()
    is_password = named.get("password") is not None
    if is_placeholder(value):
        return False
    if _UUID.match(value) is not None:
        return not is_password
    if len(value) >= (_PLAIN_KEY if named.get("key") else _PLAIN_LENGTH) and _PLAIN.fullmatch(value):
        return True
    return len(value) >= (_SHORTEST_PASSWORD if is_password else _SHORTEST) and is_random(value)


def is_placeholder(value: bytes) -> bool:
    """Tell whether a value stands for another one: YOUR_TOKEN_HERE, one letter again and again."""
    return _PLACEHOLDER.search(value) is not None


def is_random(value: bytes) -> bool:
    """Tell whether letters and digits are mixed as nobody writes them.

    >>> is_random(b"q7Xa-91bKz_4mP0tR8sLd2Vw"), is_random(b"model_layers_12_self_attn_q_proj")
    (True, False)
    """
    parts = [part for part in _BETWEEN_WORDS.split(value) if not _WORD_AND_NUMBER.fullmatch(part)]
    changes = sum(len(_CHANGE.findall(part)) for part in parts)
    capitals = sum(len(_CAPITAL.findall(part)) for part in parts)
    return changes >= _CHANGES or (changes > 0 and changes + capitals >= _ALL_CHANGES)
