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
from fairreg.registry.catalogue import records
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Access, Creator, Distribution, Feature, ModelRecord, Provenance, Relation
from fairreg.schemas.timestamps import now

__all__ = ["DataSet", "described", "jets", "toy_jets"]

_LICENCE = "CC0-1.0"
_TRAINING_SAMPLE = "catalogue:fairreg-hbb-simulation-1-seed-1-jets-220000-110000"
_ARRAYS = """\
`sample.npz` has the arrays `tracks` (jets, 30 features, 60 tracks), `vertices` (jets, 14 features, 5 vertices),
`labels` (jets, 2) and `weights` (jets), with the features in the order of the table.

`training-part.json` lists the files of the training part with their digests. They are made by

    fairreg hbb simulate --output train --jets 220000 --seed 1

"""


@dataclass(frozen=True)
class DataSet:
    """A data file and what people know of it: `fields` are columns, or arrays with the shape of one item.

    `more` are texts of further files by name, `readme` the end of the README.
    """

    name: str
    description: str
    keywords: tuple[str, ...]
    file: Path
    media_type: str
    fields: tuple[tuple[Feature, tuple[int, ...]], ...]
    readme: str = ""
    more: Mapping[str, str | bytes] = field(default_factory=dict)


def toy_jets(project: Path) -> DataSet:
    """Return the toy data of a project of `fairreg new`, with the columns of its features.json."""
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
        fields=tuple((item, ()) for item in (*columns, label)),
    )


def jets() -> DataSet:
    """Return the open jet sample of the reference weights: packaged jets, and the record of all of them."""
    whole = next(item for item in records() if item.identifier == _TRAINING_SAMPLE)
    with as_file(files("fairreg.models.hbb_in").joinpath("sample", "sample.npz")) as path:
        place = path
    labels = Feature("labels", None, "one where the jet is of the class: QCD, H->bb")
    weights = Feature(
        "weights", None, "event weight of Pythia, by which QCD jets follow their falling spectrum"
    )
    fields = [*((item, (60,)) for item in TRACK_FEATURES), *((item, (5,)) for item in VERTEX_FEATURES)]
    return DataSet(
        name="fairreg open jet sample",
        description="Simulated H->bb and QCD jets that fairreg's reference weights were trained and tested "
        "on: 2,000 jets of the test part; of the training part, 220,000 jets, the command that makes it "
        "and the digests of its files, which are too large for this example. The simulation has no material, "
        "pile-up or fake tracks; it is neither CMS data nor CMS simulation.",
        keywords=("jets", "Higgs boson", "simulation"),
        file=place,
        media_type="application/x-npz",
        fields=(*fields, (labels, (2,)), (weights, ())),
        readme=_ARRAYS + (whole.limitations or ""),
        more={"training-part.json": formats.get("json").write(whole)},
    )


def described(data: DataSet, folder: Path, *, paper: str, repository: str, doi: str | None = None) -> None:
    """Write the data set into `folder`; `doi` is known once it was reserved."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(data.file, folder / data.file.name)
    record = _record(data, paper, repository, doi)
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


def _record(data: DataSet, paper: str, repository: str, doi: str | None) -> ModelRecord:
    content = data.file.read_bytes()
    file = Distribution(
        name=data.file.name,
        size=len(content),
        checksums=(f"sha256:{hashlib.sha256(content).hexdigest()}",),
        media_type=data.media_type,
    )
    code, article = Identifier("url", repository), Identifier("paper_doi", paper)
    return ModelRecord(
        identifier=f"doi:{doi}" if doi else f"folder:{data.file.stem}",
        kind="dataset",
        name=data.name,
        provenance=Provenance(source="authors", source_id=data.file.stem),
        description=data.description,
        identifiers=(*([Identifier("doi", doi)] if doi else []), code, article),
        version="1.0.0",
        creators=(
            Creator(name="Carberry, Josiah", orcid="0000-0002-1825-0097", affiliation="Brown University"),
        ),
        publisher="Zenodo",
        license=_LICENCE,
        keywords=data.keywords,
        date_published=now()[:10],
        distributions=(file,),
        relations=(
            Relation(type="is_described_by", target=Identifier("doi", paper), target_kind="article"),
            Relation(type="requires", target=code, target_kind="software"),
        ),
        access=Access(level="open"),
    )


def _croissant(data: DataSet, record: ModelRecord) -> str:
    """Return the Croissant document of the record, with the fields of the data."""
    from fairreg.formats import croissant

    fields = [_field(data, item, shape) for item, shape in data.fields]
    items = {"@type": "cr:RecordSet", "@id": "items", "name": "items", "field": fields}
    document = croissant.document(record) | {"recordSet": [items]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _field(data: DataSet, item: Feature, shape: tuple[int, ...]) -> dict[str, Any]:
    source: dict[str, Any] = {"fileObject": {"@id": data.file.name}}
    if data.media_type == "text/csv":
        source["extract"] = {"column": item.name}  # Croissant has no words for a part of an array
    unit = f", in {item.unit}" if item.unit and item.unit != "1" else ""
    return {
        "@type": "cr:Field",
        "@id": f"items/{item.name}",
        "name": item.name,
        "description": f"{item.description}{unit}",
        "dataType": "sc:Float",
        "source": source,
        **({"isArray": True, "arrayShape": ",".join(map(str, shape))} if shape else {}),
    }


def _readme(data: DataSet) -> str:
    rows = [f"| {item.name} | {item.unit or '1'} | {item.description} |" for item, _ in data.fields]
    table = "\n".join(["| field | unit | meaning |", "|---|---|---|", *rows])
    licence = "## Licence\n\nThe data are in the public domain (CC0-1.0)."
    parts = (f"# {data.name}", data.description, "## Fields", table, data.readme, licence)
    return "\n\n".join(filter(None, parts)) + "\n"


def _licence_text() -> str:
    place = files("fairreg").joinpath(
        "template", "project", f"{{{{ 'LICENSE' if license == '{_LICENCE}' }}}}"
    )
    return place.read_text("utf-8")
