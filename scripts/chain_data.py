# SPDX-License-Identifier: MIT
"""Data sets of the publication chain, each as a folder that `fairreg publish` takes.

Beside the data lie a README, the licence, CITATION.cff, .zenodo.json and a Croissant document with every
field, made from one record by the writers of `fairreg.formats`.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from fairreg import formats
from fairreg.models.hbb_in.features import TRACK_FEATURES, VERTEX_FEATURES
from fairreg.models.hbb_in.published import DOI as NETWORK
from fairreg.registry.catalogue import records
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Access, Creator, Distribution, Feature, ModelRecord, Provenance, Relation
from fairreg.schemas.timestamps import now

__all__ = ["DataSet", "described", "jets", "toy_jets"]

_LICENCE = "CC0-1.0"
_TRAINING_SAMPLE = "catalogue:fairreg-hbb-simulation-1-seed-1-jets-220000-110000"
_ARRAYS = """\
`sample.npz` has the arrays `tracks` and `vertices`, with the features of all jets in the order of the
tables, jet after jet; `tracks_of_jet` and `vertices_of_jet` are their numbers in each jet.

`training-part.json` lists the files of the training part with their digests. They are made by

    fairreg hbb simulate --output train --jets 220000 --seed 1

"""
# Fields with the shape of a value, which is empty unless that is an array.
Fields = tuple[tuple[Feature, tuple[int, ...]], ...]


@dataclass(frozen=True)
class DataSet:
    """A data file and what people know of it: `tables` are the fields of its items, by what an item is.

    `more` are texts of further files by name, `readme` the end of the README.
    """

    name: str
    description: str
    keywords: tuple[str, ...]
    file: Path
    media_type: str
    tables: Mapping[str, Fields]
    creators: tuple[Creator, ...]
    related: Relation
    readme: str = ""
    more: Mapping[str, str | bytes] = field(default_factory=dict)


def toy_jets(project: Path, paper: str) -> DataSet:
    """Return the toy data of a project of `fairreg new`, with the columns of its features.json.

    `paper` is the DOI of the paper that describes them.
    """
    listed = json.loads(next(project.glob("src/*/features.json")).read_text("utf-8"))["features"]
    columns = [Feature(item["name"], item["unit"], item["description"]) for item in listed]
    label = Feature("label", "1", "1 for signal, 0 for background")
    return DataSet(
        name="Toy jets of the project template of fairreg",
        description="Four thousand rows of random numbers that look like jets, half of them signal: "
        "transverse momentum, invariant mass, pseudorapidity, number of charged tracks and a label. toy.py "
        "of a project makes them with a fixed seed, the same bytes every time. They simulate no physics.",
        keywords=("toy data", "jets", "tabular data"),
        file=project / "data" / "toy.csv",
        media_type="text/csv",
        tables={"jets": tuple((item, ()) for item in (*columns, label))},
        creators=(Creator("Carberry, Josiah", orcid="0000-0002-1825-0097", affiliation="Brown University"),),
        related=Relation("is_documented_by", Identifier("doi", paper), target_kind="article"),
    )


def jets() -> DataSet:
    """Return the open jet sample of the reference weights: packaged jets, and the record of all of them."""
    whole = next(item for item in records() if item.identifier == _TRAINING_SAMPLE)
    with as_file(files("fairreg.models.hbb_in").joinpath("sample", "sample.npz")) as path:
        place = path
    of_jet = (
        (Feature("tracks_of_jet", "1", "number of tracks of the jet"), ()),
        (Feature("vertices_of_jet", "1", "number of secondary vertices of the jet"), ()),
        (Feature("labels", "1", "1 where the jet is of the class, in the order QCD, H->bb"), (2,)),
        (Feature("weights", "1", "event weight of Pythia, which gives QCD jets their falling spectrum"), ()),
    )
    return DataSet(
        name="fairreg open jet sample",
        description="Simulated H->bb and QCD jets that fairreg's reference weights were trained and tested "
        "on: 2,000 jets of the test part; of the training part, 220,000 jets, the command that makes it "
        "and the digests of its files, which are too large for this example. The simulation has no material, "
        "pile-up or fake tracks; it is neither CMS data nor CMS simulation.",
        keywords=("jets", "Higgs boson", "simulation"),
        file=place,
        media_type="application/x-npz",
        tables={
            "jets": of_jet,
            "tracks": tuple((item, ()) for item in TRACK_FEATURES),
            "vertices": tuple((item, ()) for item in VERTEX_FEATURES),
        },
        creators=whole.creators,
        # Its definitions.yml has the names and the order of the features.
        related=Relation("references", Identifier("doi", NETWORK), target_kind="model"),
        readme=_ARRAYS + (whole.limitations or ""),
        more={"training-part.json": formats.get("json").write(whole)},
    )


def described(data: DataSet, folder: Path, *, repository: str, doi: str | None = None) -> None:
    """Write the data set into `folder`; `doi` is known once it was reserved."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(data.file, folder / data.file.name)
    record = _record(data, repository, doi)
    texts = {
        "README.md": _readme(data),
        "LICENSE": _licence_text(),
        "CITATION.cff": formats.get("cff").write(record),
        ".zenodo.json": formats.get("zenodo").write(record),
        "croissant.json": _croissant(data, record),
        **data.more,
    }
    for name, text in texts.items():
        (folder / name).write_text(text if isinstance(text, str) else text.decode("utf-8"), "utf-8")


def _record(data: DataSet, repository: str, doi: str | None) -> ModelRecord:
    content = data.file.read_bytes()
    file = Distribution(
        name=data.file.name,
        size=len(content),
        checksums=(f"sha256:{hashlib.sha256(content).hexdigest()}",),
        media_type=data.media_type,
    )
    code = Identifier("url", repository)
    return ModelRecord(
        identifier=f"doi:{doi}" if doi else f"folder:{data.file.stem}",
        kind="dataset",
        name=data.name,
        provenance=Provenance(source="authors", source_id=data.file.stem),
        description=data.description,
        identifiers=(*([Identifier("doi", doi)] if doi else []), code),
        version="1.0.0",
        creators=data.creators,
        publisher="Zenodo",
        license=_LICENCE,
        keywords=data.keywords,
        date_published=now()[:10],
        distributions=(file,),
        relations=(data.related, Relation("requires", code, target_kind="software")),
        access=Access(level="open"),
    )


def _croissant(data: DataSet, record: ModelRecord) -> str:
    """Return the Croissant document of the record, with the fields of the data."""
    from fairreg.formats import croissant

    sets = [
        {
            "@type": "cr:RecordSet",
            "@id": name,
            "name": name,
            "field": [_field(data, name, item, shape) for item, shape in fields],
        }
        for name, fields in data.tables.items()
    ]
    document = croissant.document(record) | {"recordSet": sets}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _field(data: DataSet, table: str, item: Feature, shape: tuple[int, ...]) -> dict[str, Any]:
    source: dict[str, Any] = {"fileObject": {"@id": data.file.name}}
    if data.media_type == "text/csv":
        source["extract"] = {"column": item.name}  # Croissant has no words for a part of an array
    unit = f", in {item.unit}" if item.unit and item.unit != "1" else ""
    return {
        "@type": "cr:Field",
        "@id": f"{table}/{item.name}",
        "name": item.name,
        "description": f"{item.description}{unit}",
        "dataType": "sc:Float",
        "source": source,
        **({"isArray": True, "arrayShape": ",".join(map(str, shape))} if shape else {}),
    }


def _readme(data: DataSet) -> str:
    licence = "## Licence\n\nThe data are in the public domain (CC0-1.0)."
    tables = (_table(name, fields) for name, fields in data.tables.items())
    parts = (f"# {data.name}", data.description, *tables, data.readme.strip(), licence)
    return "\n\n".join(filter(None, parts)) + "\n"


def _table(name: str, fields: Fields) -> str:
    rows = [f"| {item.name} | {item.unit or '1'} | {item.description} |" for item, _ in fields]
    return "\n".join([f"## Fields of the {name}\n", "| field | unit | meaning |", "|---|---|---|", *rows])


def _licence_text() -> str:
    place = files("fairreg").joinpath(
        "template", "project", f"{{{{ 'LICENSE' if license == '{_LICENCE}' }}}}"
    )
    return place.read_text("utf-8")
