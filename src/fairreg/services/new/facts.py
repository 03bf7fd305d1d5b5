# SPDX-License-Identifier: MIT
"""facts.toml of a project: the facts that only people know, from which its metadata files are written."""

from pathlib import Path
from typing import Annotated

import msgspec

from fairreg.errors import RecordError, UsageError
from fairreg.schemas.datacite_terms import rors
from fairreg.schemas.identifiers import Identifier, normalise_doi, normalise_orcid, parse
from fairreg.schemas.licenses import is_listed
from fairreg.schemas.record import Creator
from fairreg.sources import ROR
from fairreg.storage.files import unreadable

__all__ = ["FACTS_FILE", "Author", "ProjectFacts", "Result", "facts_of", "read_facts"]

FACTS_FILE = "facts.toml"
_LONGEST = 2**20  # bytes
Text = Annotated[str, msgspec.Meta(min_length=1)]
Day = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file; a key that is not known to fairreg is refused by name."""


class Author(_Table, frozen=True):
    """A person by `family` and `given`, or a group by `name`; `orcid` and `ror` are bare."""

    name: Text | None = None
    family: Text | None = None
    given: Text | None = None
    orcid: str | None = None
    affiliation: str | None = None
    ror: str | None = None

    def creator(self) -> Creator:
        """Return the creator of a record. Raises RecordError without a name, for a wrong ORCID or ROR."""
        if self.orcid and normalise_orcid(self.orcid) != self.orcid:
            raise RecordError(
                f"{FACTS_FILE}: {self.orcid} is not an ORCID.", hint="It looks like 0000-0002-1825-0097."
            )
        if self.ror and rors([f"{ROR.resolver}{self.ror}"]) != (self.ror,):
            raise RecordError(f"{FACTS_FILE}: {self.ror} is not a ROR identifier.", hint="As in 01ggx4157.")
        homes = (self.ror,) if self.ror else ()
        if self.family:
            name = f"{self.family}, {self.given}" if self.given else self.family
            # Formats without a place for the identifier then name the affiliation by its address.
            home = self.affiliation or (f"{ROR.resolver}{self.ror}" if self.ror else None)
            return Creator(name=name, orcid=self.orcid, affiliation=home, affiliation_rors=homes)
        if self.name is None:
            raise RecordError(f"{FACTS_FILE}: a creator has neither family nor name.")
        return Creator(name=self.name, kind="organization", ror=self.ror)


class Result(_Table, frozen=True):
    """A measured figure: `metric` has `value` on `split` of `dataset`."""

    metric: Text
    value: float | str
    dataset: str | None = None
    split: str | None = None


class ProjectFacts(_Table, frozen=True):
    """Content of the file; docs/release.md of every project explains the keys."""

    name: Text
    version: Text
    model: Text
    creators: tuple[Author, ...]
    license: str | None = None
    description: str | None = None
    keywords: tuple[str, ...] = ()
    repository: str | None = None
    code_version: str | None = None
    doi: str | None = None
    concept_doi: str | None = None
    date_published: Day | None = None
    publisher: str | None = None
    training_data: tuple[str, ...] = ()
    training_data_name: str | None = None
    publications: tuple[str, ...] = ()
    task: tuple[str, ...] = ()
    architecture: tuple[str, ...] = ()
    framework: tuple[str, ...] = ()
    base_model: str | tuple[str, ...] | None = None
    intended_use: str | None = None
    out_of_scope: str | None = None
    limitations: str | None = None
    evaluations: tuple[Result, ...] = ()
    own_files: tuple[str, ...] = ()

    def spdx_license(self) -> str | None:
        """Return the licence. Raises RecordError for one that is not an SPDX identifier."""
        if self.license and not is_listed(self.license):
            raise RecordError(
                f"{FACTS_FILE}: {self.license!r} is not the SPDX identifier of a licence.",
                hint="Identifiers are at https://spdx.org/licenses, such as Apache-2.0.",
            )
        return self.license

    def version_doi(self) -> str | None:
        """Return the DOI of this version in lower case. Raises RecordError for a text that is no DOI."""
        return _doi(self.doi)

    def whole_doi(self) -> str | None:
        """Return the DOI of all versions together. Raises RecordError."""
        return _doi(self.concept_doi)

    def data(self) -> tuple[Identifier, ...]:
        """Return the identifiers of the training data. Raises IdentifierError."""
        return tuple(parse(text).bare for text in self.training_data)

    def papers(self) -> tuple[Identifier, ...]:
        """Return the publications, DOIs in the scheme of papers. Raises IdentifierError."""
        found = (parse(text) for text in self.publications)
        return tuple(
            Identifier("paper_doi" if item.scheme == "doi" else item.scheme, item.value) for item in found
        )

    def base_models(self) -> tuple[Identifier, ...]:
        """Return the models that the training started from; none for ``none``. Raises IdentifierError."""
        stated = (self.base_model,) if isinstance(self.base_model, str) else self.base_model or ()
        return tuple(parse(text).bare for text in stated if text.strip().lower() != "none")


def _doi(text: str | None) -> str | None:
    found = normalise_doi(text) if text else None
    if text and found is None:
        raise RecordError(
            f"{FACTS_FILE}: {text!r} is not a DOI.", hint="It looks like 10.5281/zenodo.7305227."
        )
    return found


def read_facts(folder: Path) -> ProjectFacts:
    """Read the file in a project's folder. UsageError without one, RecordError names what is wrong in it."""
    path = folder / FACTS_FILE
    if not path.is_file():
        raise UsageError(
            f"{folder} has no {FACTS_FILE}, so it is not a project of `fairreg new`.",
            hint="fairreg new FOLDER --from FOLDER adds it.",
        )
    with unreadable(str(path)), path.open("rb") as stream:
        content = stream.read(_LONGEST + 1)
    if len(content) > _LONGEST:
        raise RecordError(f"{path} is longer than {_LONGEST // 1024} KiB.")
    return facts_of(content, str(path))


def facts_of(content: bytes, name: str) -> ProjectFacts:
    """Return the facts in the text of a file, called `name` in messages. RecordError names what is wrong."""
    try:
        return msgspec.toml.decode(content, type=ProjectFacts)
    except msgspec.ValidationError as error:
        raise RecordError(
            f"{name}: {error}.", hint="docs/release.md of the project lists the keys."
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise RecordError(f"{name} is not valid TOML: {error}.", hint="Correct that line.") from error
