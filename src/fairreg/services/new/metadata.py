# SPDX-License-Identifier: MIT
"""Metadata files of a project, written from its facts and its model by the writers of `fairreg.formats`."""

from collections.abc import Iterator, Mapping
from os.path import lexists
from pathlib import Path
from typing import NamedTuple

from fairreg import formats
from fairreg.errors import FairregError, RecordError
from fairreg.formats import prov, zenodo
from fairreg.formats.file_facts import LONGEST
from fairreg.formats.license_files import is_license_file
from fairreg.formats.repository_files import is_known, read_files
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.jsonld import iri_of_record
from fairreg.schemas.record import ModelRecord
from fairreg.services.new import trained
from fairreg.services.new.facts import FACTS_FILE, ProjectFacts, read_facts
from fairreg.services.new.readme import README, cited, completed
from fairreg.services.new.record import project_record
from fairreg.services.publish.identifier.json_files import JSON_EDITORS
from fairreg.sources import DOI
from fairreg.storage.files import disk_faults, is_inside, replacing, unreadable

__all__ = [
    "METADATA_FILES",
    "WrittenMetadata",
    "license_in",
    "metadata_texts",
    "refresh",
    "require_one_version",
    "with_citation",
]

# Files of formats that a project has; of several versions of a format the newest is written.
_FILES = ("CITATION.cff", "codemeta.json", ".zenodo.json", "fair4ml.jsonld", "ro-crate-metadata.json")
METADATA_FILES = (*_FILES, prov.FILE_NAME, README)


class WrittenMetadata(NamedTuple):
    """Files that were written, and sentences on those that were left, by name."""

    written: tuple[str, ...]
    left: Mapping[str, str]


def metadata_texts(folder: Path, facts: ProjectFacts) -> Mapping[str, str]:
    """Return the texts that these facts and the model give the metadata files, but for the authors' own.

    Raises RecordError and IdentifierError as `refresh`.
    """
    left = dict.fromkeys(facts.own_files, "")
    return dict(_texts(folder, facts, project_record(folder, facts), left))


def with_citation(folder: Path, facts: ProjectFacts, readme: str) -> str:
    """Return the text of a README whose marked part on the citation follows these facts; as above."""
    return cited(readme, project_record(folder, facts), facts)


def license_in(folder: Path) -> str | None:
    """Return the name of a licence text at the top of a folder."""
    names = sorted(item.name for item in folder.iterdir() if item.is_file()) if folder.is_dir() else []
    return next(filter(is_license_file, names), None)


def refresh(folder: Path, *, only_missing: bool = False) -> WrittenMetadata:
    """Write the metadata files of the project in `folder`, and its facts into the ONNX file.

    Files that the facts call the authors' own are left; with `only_missing` so is every file that is there.
    Raises RecordError and IdentifierError for faults in the facts or in what the project's programs wrote,
    UsageError for a folder that is no project.
    """
    facts = read_facts(folder)
    require_one_version(folder, facts.version)
    written, left = [], {name: _own(folder, name, facts) for name in facts.own_files}
    if only_missing:
        there = (name for name in (*METADATA_FILES, facts.model) if lexists(folder / name))
        left |= dict.fromkeys(there, "it is there already")
    project_record(folder, facts)  # a fault is found before anything is written
    if facts.model not in left and _stamp(folder, facts):
        written.append(facts.model)
    record = project_record(folder, facts)  # with the digest of the model file as it is now
    for name, text in list(_texts(folder, facts, record, left)):
        _write(folder, name, text)
        written.append(name)
    return WrittenMetadata(tuple(written), left)


def _own(folder: Path, name: str, facts: ProjectFacts) -> str:
    """Return why a file of the authors is left, with the version in it where that is another."""
    path, said = folder / name, f"{FACTS_FILE} lists it under own_files"
    if not is_known(name) or not path.is_file() or not is_inside(path, folder):
        return said
    with unreadable(str(path)), path.open("rb") as file:
        read = read_files({name: file.read(LONGEST).decode("utf-8", "replace")})
    stated = next((item.version for item in read if item.version), None)
    if stated is None or stated.lstrip("vV") == facts.version.lstrip("vV"):
        return said
    return f"{said}; its version {stated} is not {facts.version}, and is yours to raise"


def require_one_version(folder: Path, version: str, *, stated_in: str = FACTS_FILE) -> None:
    """Raise RecordError where pyproject.toml states another version: a release would have two."""
    import tomllib

    path = folder / "pyproject.toml"
    if not path.is_file():
        return
    with unreadable(str(path)):
        content = path.read_bytes()
    try:
        project = tomllib.loads(content.decode("utf-8")).get("project")
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecordError(f"{path} is not valid TOML: {error}.") from error
    stated = project.get("version") if isinstance(project, dict) else None
    if isinstance(stated, str) and stated != version:
        raise RecordError(
            f"The version is {version} in {stated_in}, but {stated} in pyproject.toml.",
            hint="Write the same version into both.",
        )


def _texts(
    folder: Path, facts: ProjectFacts, record: ModelRecord, left: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield name and text of each file; why one cannot be written is put into `left`."""
    writers = {getattr(item, "FILE_NAME", None): item for item in formats.all_formats()}
    for name in _FILES:
        if name in left or name not in writers:
            continue
        try:
            text = writers[name].write(record)
        except FairregError as error:
            left[name] = error.message
            continue
        yield name, _named(name, text if isinstance(text, str) else text.decode("utf-8"), facts)
    run = trained.training_run(folder)
    if prov.FILE_NAME not in left and (run or prov.sources_of(record)):
        yield prov.FILE_NAME, prov.text_of(record, iri=iri_of_record(record), run=run)
    card = folder / README
    if README not in left and card.is_file():
        yield README, _card(card, record, facts)


def _named(name: str, text: str, facts: ProjectFacts) -> str:
    """Return the text of a file with the DOI of the version, where the format leaves that to the service."""
    doi = facts.version_doi()
    if name != zenodo.FILE_NAME or doi is None:
        return text
    return JSON_EDITORS[name](text, Identifier(DOI.name, doi), frozenset())  # as `publish` writes it


def _card(path: Path, record: ModelRecord, facts: ProjectFacts) -> str:
    """Return the text of the model card, with the line ends that it has. Raises RecordError."""
    with unreadable(str(path)):
        content = path.read_bytes()
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RecordError(f"{path} is not encoded in UTF-8.", hint="Save it as UTF-8.") from error
    whole = completed(text.replace("\r\n", "\n"), record, facts, license_in(path.parent))
    return whole.replace("\n", "\r\n") if "\r\n" in text else whole


def _write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    if not is_inside(path, folder):
        raise RecordError(f"{name} leads out of {folder}.", hint="Remove the link in its place.")
    with disk_faults(str(path)), replacing(path) as draft:
        draft.write_bytes(text.encode("utf-8"))


def _stamp(folder: Path, facts: ProjectFacts) -> bool:
    """Write the facts into `metadata_props` of the ONNX file where they differ; tell whether they did."""
    found = trained.model_file(folder, facts.model)
    if found is None or found.format != "onnx":
        return False
    from fairreg.services.new.onnx_properties import stamp

    return stamp(folder / facts.model, facts)
