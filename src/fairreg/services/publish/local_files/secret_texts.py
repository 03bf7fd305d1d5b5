# SPDX-License-Identifier: MIT
"""Search of a file for access tokens, private keys and passwords, piece by piece.

docs/publishing.md lists the services; a token without a form of its own is found by the name before it.
"""

import os
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from collections.abc import Collection
from typing import BinaryIO

from fairreg.services.publish.local_files.secret_forms import holds_random_word, holds_secret

__all__ = ["SecretSearch", "file_holds_secret"]

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
    search = SecretSearch(tokens, is_token_list=is_token_list)
    while not search.is_found and (piece := file.read(SecretSearch.piece)):
        is_first = file.tell() == len(piece)
        search.update(piece)
        if search.is_binary and is_first:  # the middle is not searched
            size = file.seek(0, os.SEEK_END)
            file.seek(max(len(piece), size - SecretSearch.piece))
    return search.finish()


class SecretSearch:
    """The same search of bytes as they pass, for a file that is read for something else as well."""

    # Bytes of each update but the last one.
    piece = 1 << 20

    def __init__(self, tokens: Collection[bytes] = (), *, is_token_list: bool = False) -> None:
        self._tokens, self._is_list = tokens, is_token_list
        self._overlap = max(_OVERLAP, *(4 * len(token) for token in tokens), 0)
        self._before: bytes | None = None
        self.is_binary = self.is_found = False

    def update(self, piece: bytes) -> None:
        """Search the next piece, together with the end of the one before."""
        if self.is_found:
            return
        if self._before is None:
            self.is_binary = _is_binary(piece)
            self.is_found = self._holds(piece, 0)
            self._before = piece[-self._overlap :]
            return
        text = self._before + piece
        if not self.is_binary:
            self.is_found = self._holds(text, _BEFORE)
        # Of a binary file the end is searched, once it is known.
        self._before = text[-(self.piece if self.is_binary else self._overlap) :]

    def finish(self) -> bool:
        """Return whether the pieces hold a secret; all of them have passed."""
        if self.is_binary and not self.is_found:
            self.is_found = self._holds(self._before or b"", _BEFORE)
        return self.is_found

    def _holds(self, piece: bytes, start: int) -> bool:
        for text in _texts(piece):
            if any(token in text for token in self._tokens) or holds_secret(text, start):
                return True
            if self._is_list and holds_random_word(text, start):
                return True
        return False


def _is_binary(beginning: bytes) -> bool:
    """Tell whether a file begins as no text does: with zero bytes and other control characters."""
    is_wide = beginning.startswith(_BOMS)
    return b"\0" in beginning and not is_wide and _NO_TEXT.search(beginning) is not None


def _texts(content: bytes) -> tuple[bytes, ...]:
    """Return a content as it is, and without its zero bytes: so texts in UTF-16 and UTF-32 are plain."""
    return (content, content.replace(b"\0", b"")) if b"\0" in content else (content,)
