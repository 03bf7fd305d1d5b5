# SPDX-License-Identifier: MIT
"""Completion: proposals for what is typed, and the words of bash, which takes an identifier apart.

Bash splits words at colons and equals signs: of ``doi:10.5281`` it hands over three words, and puts what it
gets behind the last colon. So the words are joined for the command line, and what stands before the last
colon is left out of the answers.
"""

import sys
from collections.abc import Callable, MutableMapping, Sequence
from contextlib import redirect_stdout
from io import StringIO

__all__ = ["answer_bash", "joined", "known"]

# Marks at which bash splits a word.
_SPLITTING = (":", "=")


def known(what: str, incomplete: str) -> list[str]:
    """Return what this machine knows and begins so: one of the functions of `known_names`, by its name."""
    from fairreg.errors import FairregError
    from fairreg.services.registry import known_names
    from fairreg.settings import Settings

    try:
        found: list[str] = getattr(known_names, what)(Settings.from_environment(), incomplete)
    except FairregError:  # wrong settings, which the command itself will name
        return []
    return found


def answer_bash(complete: Callable[[], object], environment: MutableMapping[str, str]) -> None:
    """Print what `complete` prints for the words of bash in `environment`, as bash takes it."""
    text = environment["COMP_WORDS"]
    given = text.split("\n" if "\n" in text else " ")
    words, place = joined(given, int(environment["COMP_CWORD"]))
    environment.update({"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(place)})
    typed = words[place] if place < len(words) else ""
    before = typed[: typed.rfind(":") + 1] if words != given else ""
    said = StringIO()
    try:
        with redirect_stdout(said):
            complete()
    finally:
        sys.stdout.writelines(f"{line.removeprefix(before)}\n" for line in said.getvalue().splitlines())


def joined(words: Sequence[str], place: int) -> tuple[list[str], int]:
    """Join words that bash split; return them with the place of the word that was at `place`.

    >>> joined(["fairreg", "show", "doi", ":", "10."], 4)
    (['fairreg', 'show', 'doi:10.'], 2)
    """
    found: list[str] = []
    new_place = place
    for number, word in enumerate(words):
        is_mark = word.startswith(_SPLITTING)
        goes_on = number > 1 and bool(word) and words[number - 1].startswith(_SPLITTING)
        if number > 1 and (is_mark or goes_on):
            found[-1] += word
        else:
            found.append(word)
        if number == place:
            new_place = len(found) - 1
    return found, new_place
