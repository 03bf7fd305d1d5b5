# SPDX-License-Identifier: MIT
"""Terms of each weight file: the nearest ones, and those of a text whose name says that it covers all.

The nearest are those of ``NAME.license`` beside it, else of REUSE.toml (REUSE 3.3) and of the texts and the
card in the nearest folder that has any. The top of the folder is of the whole, except LICENSE-WEIGHTS there.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from fairreg.errors import FairregError
from fairreg.formats import model_card
from fairreg.formats.license_files import is_license_file, read_license_files
from fairreg.schemas.licenses import spdx
from fairreg.schemas.licenses.notices import license_of_statement
from fairreg.schemas.licenses.texts import has_terms, license_of_text, own_lines
from fairreg.schemas.record import Kind
from fairreg.schemas.text import one_line
from fairreg.services.publish.further_facts import further_facts
from fairreg.services.publish.terms.statements import Terms
from fairreg.storage.files import unreadable

__all__ = ["CARDS", "TEXT_NAME", "OwnTerms", "cards_beside", "own_terms", "terms_of_value", "texts_at_top"]

CARDS = ("readme.md", "model_card.md", "modelcard.md")
_LARGEST_TEXT = 1 << 20
# Words by which the name of a text says that it covers what the record is.
_COVERED: Mapping[Kind, str] = {
    "model": r"models?|weights?|checkpoints?|parameters",
    "dataset": r"data|datasets?",
    "software": r"code|software|source",
}
_SUFFIX = r"(?:\.(?:md|rst|txt|pdf|html?|docx?|rtf|tex))?"
_TEXT = r"(?:licen[cs]es?|copying|terms[-_ ]of[-_ ]use)"
TEXT_NAME = rf"{_TEXT}{_SUFFIX}"
_NAMED: Mapping[Kind, re.Pattern[str]] = {
    kind: re.compile(
        rf"(?:{_TEXT}[-_. ](?:[\w-]+[-_. ])?(?:{words})|(?:[\w-]+[-_. ])?(?:{words})[-_. ]{_TEXT})"
        rf"(?:[-_ ][\w-]+)?{_SUFFIX}",
        re.IGNORECASE,
    )
    for kind, words in _COVERED.items()
}
# Other names of texts with terms; go_terms.txt is a vocabulary.
_FURTHER = re.compile(
    rf"(?:licen[cs]e|copying|(?:[\w-]+[-_ ])?eula|(?:acceptable[-_ ])?us(?:e|age)[-_ ]policy"
    rf"|(?:(?:models?|weights?|licen[cs]e|users?|usage|service)[-_ ])?terms"
    rf"(?:[-_ ](?:of[-_ ](?:use|service)|and[-_ ]conditions))?){_SUFFIX}",
    re.IGNORECASE,
)
_TAG = re.compile(r"SPDX-License-Identifier:\s*([^\n]*)")
_HOLDER = re.compile(r"SPDX-(?:File|Snippet)CopyrightText:")
_REUSE = "REUSE.toml"


class OwnTerms(NamedTuple):
    """Terms of the weights: those of all weight files, and those of some; a file `without` has none."""

    everywhere: tuple[Terms, ...] = ()
    somewhere: tuple[Terms, ...] = ()
    without: str | None = None


def own_terms(folder: Path, names: Sequence[str], weights: Sequence[str], kind: Kind) -> OwnTerms:
    """Return the terms of the weights, or of what the record is, also of texts that are not published.

    `names` are the files that are published, `weights` those of them that hold the model. Raises FairregError
    for a text that cannot be read, and for a link.
    """
    top = [
        _terms_of_text(folder, name, kind) for name in _listed(folder, ".") if _NAMED[kind].fullmatch(name)
    ]
    if kind == "dataset":
        parts = [name for name in names if "/" in name and _NAMED[kind].fullmatch(PurePosixPath(name).name)]
        return OwnTerms(tuple(top), tuple(_terms_of_text(folder, name, kind) for name in sorted(parts)))
    homes: dict[str, list[Terms]] = {}
    each = [[*top, *_nearest(folder, name, homes)] for name in weights]
    if not each:
        return OwnTerms(tuple(top))
    found = list(dict.fromkeys(item for terms in each for item in terms))
    everywhere = [item for item in found if all(item in terms for terms in each)]
    somewhere = [item for item in found if item not in everywhere]
    without = next((name for name, terms in zip(weights, each, strict=True) if not terms), None)
    if not everywhere and without is None and len({(item.license, item.words) for item in somewhere}) == 1:
        everywhere, somewhere = somewhere, []  # the same terms in several texts
    return OwnTerms(tuple(everywhere), tuple(somewhere), without)


def _nearest(folder: Path, weight: str, homes: dict[str, list[Terms]]) -> list[Terms]:
    """Return the terms of one weight file; `homes` keeps those of folders that were read."""
    beside = f"{weight}.license"
    if (folder / beside).is_file() or (folder / beside).is_symlink():
        return [_terms_of_text(folder, beside)]
    found = list(_of_reuse(folder, weight))
    for parent in [str(path) for path in PurePosixPath(weight).parents][:-1]:
        if parent not in homes:
            homes[parent] = _of_home(folder, parent)
        if homes[parent]:
            return [*found, *homes[parent]]
    return found


def _of_home(folder: Path, home: str) -> list[Terms]:
    """Return the terms that the texts and the card of a folder state."""
    listed = _listed(folder, home)
    others = [pattern for kind, pattern in _NAMED.items() if kind != "model"]
    texts = [
        base
        for base in listed
        if (_NAMED["model"].fullmatch(base) or is_license_file(base) or _FURTHER.fullmatch(base))
        and not any(pattern.fullmatch(base) for pattern in others)
    ]
    found = [_terms_of_text(folder, f"{home}/{base}") for base in texts]
    if len(texts) > 1 and all(map(is_license_file, texts)):
        facts = read_license_files({base: _text(folder, f"{home}/{base}") for base in texts})
        if len(facts) == 1 and facts[0].license:  # to choose from, or GNU's Lesser one beside the General
            found = [Terms(f"{home}/{facts[0].file}", facts[0].license, is_loose=True)]
    cards = [_of_card(folder, f"{home}/{base}") for base in listed if base.lower() in CARDS]
    return [*found, *(item for item in cards if item.license or item.words)]


def _listed(folder: Path, home: str) -> list[str]:
    return sorted(path.name for path in (folder / home).iterdir() if path.is_file() or path.is_symlink())


def _of_card(folder: Path, name: str) -> Terms:
    text = _text(folder, name)
    read = model_card.read(text, name=name).understood
    further = further_facts(name.rpartition("/")[2], text).fields
    stated, words = (further.get(key, getattr(read, key)) for key in ("license", "license_stated"))
    return Terms(name, stated, words, is_loose=True)


def cards_beside(folder: Path, weights: Sequence[str]) -> dict[str, str]:
    """Return the texts of the cards in the folders of weight files."""
    homes = sorted({str(home) for name in weights for home in PurePosixPath(name).parents} - {"."})
    cards = [f"{home}/{base}" for home in homes for base in _listed(folder, home) if base.lower() in CARDS]
    return {name: _text(folder, name) for name in cards}


def texts_at_top(folder: Path) -> list[Terms]:
    """Return the terms of texts at the top that are no licence files by name: EULA.txt, LICENSE.pdf."""
    listed = _listed(folder, ".")
    read = {Path(name).stem.lower() for name in listed if is_license_file(name)}
    named = [
        name
        for name in listed
        if _FURTHER.fullmatch(name) and not is_license_file(name) and Path(name).stem.lower() not in read
    ]
    return [
        _terms_of_text(folder, name)
        for name in named
        if not any(pattern.fullmatch(name) for pattern in _NAMED.values())
    ]


def _terms_of_text(folder: Path, name: str, kind: Kind = "model") -> Terms:
    text = _text(folder, name)
    tags = [tag.strip() for tag in _TAG.findall(text)]
    known = license_of_text(text) or (_of_tag(text, tags[0]) if len(tags) == 1 else None)
    return Terms(name, known or license_of_statement(text, kind), is_loose=not tags)


def _of_tag(text: str, tag: str) -> str | None:
    """Return the licence of an SPDX tag, which further terms of the text may contradict."""
    licence = spdx(tag)
    rest = _HOLDER.sub("Copyright", _TAG.sub("", text))
    stated = "\n".join(own_lines(map(one_line, rest.splitlines())))
    return licence if not has_terms(stated) or license_of_text(rest) == licence else None


def _text(folder: Path, name: str) -> str:
    path = folder / name
    if path.is_symlink():
        raise FairregError(
            f"{name} states a licence, and is a link, which is not followed.",
            hint="Replace the link by the file.",
        )
    with unreadable(name), path.open("rb") as file:
        return file.read(_LARGEST_TEXT).decode("utf-8-sig", "replace")


def _of_reuse(folder: Path, weight: str) -> Iterator[Terms]:
    """Yield the terms that REUSE.toml states of a weight file: of several fitting tables the last."""
    stated = toml(folder / _REUSE).get("annotations")
    tables = [item for item in stated if isinstance(item, dict)] if isinstance(stated, list) else []
    for table in reversed(tables):
        patterns = table.get("path")
        listed = patterns if isinstance(patterns, list) else [patterns]
        if any(isinstance(item, str) and fnmatchcase(weight, item) for item in listed):
            yield terms_of_value(_REUSE, table.get("SPDX-License-Identifier"))
            return


def terms_of_value(file: str, value: object) -> Terms:
    """Return the terms that a value of a file states."""
    text = one_line(value) if isinstance(value, str) else None
    known = spdx(text)
    return Terms(file, known, None if known else text)


def toml(path: Path) -> dict[str, Any]:
    """Return a TOML document, empty for one that cannot be read."""
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}
