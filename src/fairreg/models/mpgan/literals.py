# SPDX-License-Identifier: MIT
"""Arguments of a training as the authors' programs write them: ``str()`` of a flat Python dictionary.

The authors read such files with ``eval``. Here only this much is understood: text keys, and as values
numbers, texts, True, False, None, and lists of these. Nothing is evaluated.
"""

import re

from fairreg.errors import ModelError

__all__ = ["Scalar", "read_dictionary"]

Scalar = str | int | float | bool | None
_TEXT = r"""'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*\""""
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"
_TOKEN = re.compile(rf"\s*(?:(?P<text>{_TEXT})|(?P<number>{_NUMBER})|(?P<word>\w+)|(?P<sign>[{{}}\[\],:]))")
_WORDS: dict[str, Scalar] = {"True": True, "False": False, "None": None}
_LONGEST_NUMBER = 40


def read_dictionary(text: str) -> dict[str, Scalar | list[Scalar]]:
    """Read a flat dictionary. Raises ModelError for any other text, naming where it is not understood."""
    reader = _Reader(text.strip())
    reader.expect("{")
    found: dict[str, Scalar | list[Scalar]] = {}
    while not reader.takes("}"):
        key = reader.scalar()
        if not isinstance(key, str) or key in found:
            raise reader.fault(f"{key!r} as a key")
        reader.expect(":")
        found[key] = reader.list() if reader.takes("[") else reader.scalar()
        reader.between("}")
    reader.end()
    return found


class _Reader:
    """Tokens of a text, one after another; each is looked at once."""

    def __init__(self, text: str) -> None:
        self._text, self._place = text, 0
        self._kind, self._token = "", ""
        self._next()

    def _next(self) -> None:
        match = _TOKEN.match(self._text, self._place)
        if match is None:
            self._kind, self._token = "end", self._text[self._place : self._place + 10]
            return
        self._place = match.end()
        self._kind = match.lastgroup or ""
        self._token = match[self._kind]

    def fault(self, what: str | None = None) -> ModelError:
        return ModelError(
            f"The text is no flat Python dictionary: {what or repr(self._token or 'its end')} stands "
            f"where it is not understood, before character {self._place}."
        )

    def takes(self, sign: str) -> bool:
        """Go on if the next token is `sign`."""
        found = self._kind == "sign" and self._token == sign
        if found:
            self._next()
        return found

    def expect(self, sign: str) -> None:
        if not self.takes(sign):
            raise self.fault()

    def between(self, closing: str) -> None:
        """Go on after a comma; before `closing` there need not be one."""
        if not (self.takes(",") or (self._kind == "sign" and self._token == closing)):
            raise self.fault()

    def end(self) -> None:
        if self._kind != "end" or self._place != len(self._text):
            raise self.fault()

    def list(self) -> list[Scalar]:
        """Items up to the closing bracket."""
        found: list[Scalar] = []
        while not self.takes("]"):
            found.append(self.scalar())
            self.between("]")
        return found

    def scalar(self) -> Scalar:
        kind, token = self._kind, self._token
        if kind == "text" and "\\" not in token:
            value: Scalar = token[1:-1]
        elif kind == "number" and len(token) <= _LONGEST_NUMBER:
            value = int(token) if re.fullmatch(r"[-+]?\d+", token) else float(token)
        elif kind == "word" and token in _WORDS:
            value = _WORDS[token]
        else:
            raise self.fault()
        self._next()
        return value
