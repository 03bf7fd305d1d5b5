# SPDX-License-Identifier: MIT
"""Access tokens and private keys in the text of a file, by the forms that their services document.

docs/publishing.md lists the services; a token without a form of its own is found by the name before it.
"""

import os
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from collections.abc import Collection, Iterator
from typing import BinaryIO

__all__ = ["file_holds_secret"]

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


_PIECE = 1 << 20
# More than a secret of any form takes, in characters of four bytes: one at a border is whole in the next one.
_OVERLAP = 1 << 15
# A form is looked for behind these bytes of a piece, so that what stands before it is seen.
_BEFORE = 2
_BOMS = (BOM_UTF16_LE, BOM_UTF16_BE, BOM_UTF32_LE, BOM_UTF32_BE)
_NO_TEXT = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def file_holds_secret(file: BinaryIO, tokens: Collection[bytes] = (), *, is_token_list: bool = False) -> bool:
    """Tell whether a file holds one of the user's own `tokens`, or what has the form of a secret.

    A text is searched whole, piece by piece; a binary file, as of weights, in its first and its last MiB. In
    a list of tokens 20 letters and digits in a row, both kinds among them, are a secret, too.
    """
    overlap = max(_OVERLAP, *(4 * len(token) for token in tokens), 0)
    for piece, start in _pieces(file, overlap):
        for text in _texts(piece):
            if any(token in text for token in tokens) or _SECRET.search(text, start):
                return True
            if is_token_list and _WORD.search(text, start):
                return True
    return False


def _is_binary(beginning: bytes) -> bool:
    """Tell whether a file begins as no text does: with zero bytes and other control characters."""
    is_wide = beginning.startswith(_BOMS)
    return b"\0" in beginning and not is_wide and _NO_TEXT.search(beginning) is not None


def _pieces(file: BinaryIO, overlap: int) -> Iterator[tuple[bytes, int]]:
    """Yield the pieces of a file, each behind the end of the one before, and where to look in each."""
    piece = file.read(_PIECE)
    yield piece, 0
    if _is_binary(piece):
        size = file.seek(0, os.SEEK_END)
        file.seek(max(len(piece) - overlap, size - _PIECE, 0))
        yield file.read(_PIECE), _BEFORE
        return
    before = piece[-overlap:]
    while piece := file.read(_PIECE):
        yield before + piece, _BEFORE
        before = (before + piece)[-overlap:]


def _texts(content: bytes) -> tuple[bytes, ...]:
    """Return a content as it is, and without its zero bytes: so texts in UTF-16 and UTF-32 are plain."""
    return (content, content.replace(b"\0", b"")) if b"\0" in content else (content,)
