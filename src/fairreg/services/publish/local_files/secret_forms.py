# SPDX-License-Identifier: MIT
"""Forms of access tokens, private keys and passwords, as their services and programs document them."""

import re
from collections.abc import Iterator

from fairreg.services.publish.local_files.named_secrets import holds_named_secret
from fairreg.services.publish.local_files.placeholders import stands_for_another

__all__ = ["holds_random_word", "holds_secret"]

# Both a digit and a letter: words and names of functions are not tokens.
_RANDOM = rb"(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]"
_UUID = rb"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![0-9A-Za-z])"
_ASSIGNED = rb"[\"'\\]{0,2}[ \t]{0,3}[:=][ \t]{0,3}[\"'\\]{0,2}"
_HEX = rb"[0-9a-f]{%d}(?![0-9A-Za-z])"
# A form begins where no word goes on; in JSON also behind a line break or a tab, which is \n or \t there.
_BEGINNING = rb"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))"
# Words of each form, in any case: a text without all of them is not searched, which takes much longer.
_FORMS = (
    (b"hf_", rb"hf_[A-Za-z0-9]{30,}"),
    (b"ghp_ gho_ ghu_ ghs_ ghr_", rb"gh[pousr]_[A-Za-z0-9]{36,}"),
    (b"github_pat_", rb"github_pat_[A-Za-z0-9_]{40,}"),
    (b"glpat- gldt- glrt- glcbt- glptt-", rb"gl(?:pat|dt|rt|cbt|ptt)-[A-Za-z0-9_-]{20,}"),
    (b"akia asia", rb"(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z])"),
    (b"sk-", rb"sk-(?:ant|proj|svcacct|admin|or)-[A-Za-z0-9_-]{20,}|sk-[A-Za-z0-9]{40,}"),
    (b"xox xapp-", rb"xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[0-9]-[A-Za-z0-9-]{20,}"),
    (b"aiza ya29. gocspx-", rb"AIza[A-Za-z0-9_-]{35}|(?:ya29\.|GOCSPX-)[A-Za-z0-9_-]{20,}"),
    (b"pypi- npm_", rb"pypi-[A-Za-z0-9_-]{50,}|npm_[A-Za-z0-9]{36}"),
    (b"wandb_v1_ dapi", rb"wandb_v1_[A-Za-z0-9_]{30,}|dapi[0-9a-f]{32}"),
    (b"r8_ gsk_", rb"r8_[A-Za-z0-9]{37}|gsk_[A-Za-z0-9]{48,}"),
    (b"k_live_ dop_v1_", rb"[sr]k_live_[A-Za-z0-9]{20,}|dop_v1_[0-9a-f]{64}"),
    (b"sg.", rb"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    (b"accountkey sharedaccesskey", rb"AccountKey=[A-Za-z0-9+/]{86}==|SharedAccessKey=[A-Za-z0-9+/]{43}="),
    (b":aa", rb"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])"),
    (b"hooks.slack.com", rb"hooks\.slack\.com/[a-z]{5,20}/[TE][A-Z0-9]{6,20}/[A-Za-z0-9/]{20,}"),
    (b"/api/webhooks/", rb"discord(?:app)?\.com/api/webhooks/[0-9]{17,20}/[A-Za-z0-9_-]{60,}"),
    (b"webhook.office.com", rb"webhook\.office\.com/webhookb2/[0-9a-f-]{36}@"),
    (b"eyj", rb"eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{20,}"),
)
_ANYWHERE = (
    (b"private key", rb"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"),
    (b"putty-user-key-file- age-secret-key-1", rb"PuTTY-User-Key-File-|AGE-SECRET-KEY-1"),
    # A password in an address; docker://image:tag@sha256:... has none.
    (b"://", rb"://[^\s/:@\"'<>{}$\\]{0,64}:[^\s/:@\"'<>{}$*\\]{3,256}@(?!sha256:)[A-Za-z0-9\[]"),
    # Hashes of passwords, as htpasswd keeps them.
    (b"$2a$ $2b$ $2y$", rb"\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}"),
    (b"$apr1$", rb"\$apr1\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}"),
)
_SECRET_KEY = rb"(?:api|access|auth|dataverse)[_-]?key"
# In upper or lower case: names with a value, headers of requests, options of commands, and entries of the
# files of docker, kaggle, netrc and wandb. A key is shorter than a token, or a UUID.
_NAMED = (
    (b"token", rb"token" + _ASSIGNED + rb"(?:" + _RANDOM + rb"{32,}|" + _UUID + rb")"),
    (b"secret", rb"secret" + _ASSIGNED + rb"(?:" + _RANDOM + rb"{32,}|" + _UUID + rb")"),
    (b"passw", rb"passw(?:or)?d" + _ASSIGNED + _RANDOM + rb"{32,}"),
    (b"key", _SECRET_KEY + _ASSIGNED + rb"(?:" + _RANDOM + rb"{20,}|" + _UUID + rb")"),
    (b"key", rb"secret[_-]?access[_-]?key" + _ASSIGNED + rb"[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])"),
    (
        b"authorization",
        rb"authorization[\"'\\]{0,2}[ \t]{0,3}[:=,][ \t]{0,3}[\"'\\]{0,2}"
        rb"(?:bearer|token|basic|apikey)[ \t]{1,3}" + _RANDOM + rb"{20,}",
    ),
    (b"bearer", rb"bearer[ \t]{1,3}" + _RANDOM + rb"{32,}"),
    (b"--", rb"--[a-z-]{0,30}(?:token|secret|password|api-key)[ =][\"']?" + _RANDOM + rb"{20,}"),
    (b'"auth"', rb"\"auth\"\s{0,5}:\s{0,5}\"(?=[A-Za-z+/]{0,500}[0-9=])[A-Za-z0-9+/]{16,}={0,2}\""),
    (
        b'"username"',
        (
            rb"\"username\"\s{0,5}:\s{0,5}\"[^\"\s]{1,64}\"\s{0,5},\s{0,5}"
            rb"\"key\"\s{0,5}:\s{0,5}\"[0-9a-f]{32}\""
        ),
    ),
    (b"kaggle_key", rb"kaggle_key" + _ASSIGNED + _HEX % 32),
    (
        b"machine",
        rb"machine\s{1,9}[\w.-]{1,99}\s{1,9}login\s{1,9}\S{1,99}\s{1,9}password\s{1,9}[^\s<{$]{3}",
    ),
    (b"wandb", rb"wandb[ .]login[ (][^\n)]{0,80}?(?<![0-9a-f])" + _HEX % 40),
)


def _compiled() -> Iterator[tuple[tuple[bytes, ...], re.Pattern[bytes]]]:
    for words, form in _FORMS:
        yield tuple(words.split(b" ")), re.compile(_BEGINNING + rb"(?:" + form + rb")")
    for words, form in _ANYWHERE:
        yield (words,) if words == b"private key" else tuple(words.split(b" ")), re.compile(form)
    for words, form in _NAMED:
        yield (words,), re.compile(form, re.IGNORECASE)


_SEARCHES = tuple(_compiled())
# A token of any service; entries of vocabularies are words, or numbers behind words.
_WORD = re.compile(rb"(?<![A-Za-z0-9])" + _RANDOM + rb"{20,}")


def holds_secret(text: bytes, start: int = 0) -> bool:
    """Tell whether a text holds what has the form of a secret, from `start` on."""
    lowered = text.lower()
    return holds_named_secret(text, lowered, start) or any(
        not stands_for_another(found)
        for words, form in _SEARCHES
        if any(word in lowered for word in words)
        for found in form.finditer(text, start)
    )


def holds_random_word(text: bytes, start: int = 0) -> bool:
    """Tell whether a text holds 20 letters and digits in a row, both kinds among them."""
    return _WORD.search(text, start) is not None
