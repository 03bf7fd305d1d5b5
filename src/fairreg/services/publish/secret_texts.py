# SPDX-License-Identifier: MIT
"""Access tokens and private keys in the text of a file, by the forms that their services document.

docs/publishing.md lists the services; a token without a form of its own is found by the name before it.
"""

import re
from collections.abc import Collection

__all__ = ["holds_random_word", "holds_secret"]

# Both a digit and a letter: words and names of functions are not tokens.
_RANDOM = rb"(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]"
_FORMS = (
    rb"hf_[A-Za-z0-9]{30,}",
    rb"gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,}",
    rb"gl(?:pat|dt|rt|cbt|ptt)-[A-Za-z0-9_-]{20,}",
    rb"(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z])",
    rb"sk-(?:ant|proj|svcacct|admin|or)-[A-Za-z0-9_-]{20,}|sk-[A-Za-z0-9]{40,}",
    rb"xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[0-9]-[A-Za-z0-9-]{20,}",
    rb"AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}",
    rb"pypi-[A-Za-z0-9_-]{50,}|npm_[A-Za-z0-9]{36}",
    rb"wandb_v1_[A-Za-z0-9_]{30,}|dapi[0-9a-f]{32}|r8_[A-Za-z0-9]{37}|gsk_[A-Za-z0-9]{48,}",
    rb"[sr]k_live_[A-Za-z0-9]{20,}|SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}|dop_v1_[0-9a-f]{64}",
    rb"eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{20,}",
)
# A form begins where no word goes on; in JSON also behind a line break or a tab, which is \n or \t there.
_FORM = rb"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))(?:" + rb"|".join(_FORMS) + rb")"
_KEY = rb"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-|AGE-SECRET-KEY-1"
# A password in an address; docker://image:tag@sha256:... has none.
_IN_ADDRESS = rb"://[^\s/:@\"'<>{}$\\]{1,64}:[^\s/:@\"'<>{}$*\\]{3,256}@(?!sha256:)[A-Za-z0-9\[]"
_ASSIGNED = rb"[\"'\\]{0,2}[ \t]{0,3}[:=][ \t]{0,3}[\"'\\]{0,2}"
_NAMED = (
    rb"(?:token|secret|passw(?:or)?d|api[_-]?key|access[_-]?key|auth[_-]?key)"
    + _ASSIGNED
    + _RANDOM
    + rb"{32,}"
    rb"|secret[_-]?access[_-]?key" + _ASSIGNED + rb"[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])"
)
_SECRET = re.compile(rb"|".join((_FORM, _KEY, _IN_ADDRESS, rb"(?i:" + _NAMED + rb")")))
# A token of any service; entries of vocabularies are words, or numbers behind words.
_WORD = re.compile(rb"(?<![A-Za-z0-9])" + _RANDOM + rb"{20,}")


def holds_random_word(content: bytes) -> bool:
    """Tell whether a content has 20 letters and digits in a row, both kinds among them, as tokens have."""
    return any(_WORD.search(text) for text in _texts(content))


def holds_secret(content: bytes, tokens: Collection[bytes] = ()) -> bool:
    """Tell whether a content holds one of the user's own `tokens`, or what has the form of a secret."""
    return any(any(token in text for token in tokens) or _SECRET.search(text) for text in _texts(content))


def _texts(content: bytes) -> tuple[bytes, ...]:
    """Return a content as it is, and without its zero bytes: so texts in UTF-16 and UTF-32 are plain."""
    return (content, content.replace(b"\0", b"")) if b"\0" in content else (content,)
