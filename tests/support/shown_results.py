# SPDX-License-Identifier: MIT
"""Results that hold one text in all that others may fill, for tests of what a notebook shows of them."""

from pathlib import Path

import msgspec
import numpy as np

from assessment.samples import HBB, advised, with_record
from fairreg.errors import FairregError
from fairreg.models.base import Demonstration, Recognition
from fairreg.registry import UnheldValue
from fairreg.runners import Runner
from fairreg.runners.batching import Batching
from fairreg.schemas.record import Distribution, Feature, ModelRecord, Provenance, Tensor
from fairreg.services.cite.reference_text import FormattedCitation
from fairreg.services.fetch.download import Downloaded
from fairreg.services.fetch.files.fetched import ArchiveMember, FetchedFiles
from fairreg.services.fetch.files.plan import FetchPlan, PlannedFile
from fairreg.services.fetch.unpacking import UnopenedFile
from fairreg.services.run.batch import FileRun, ManyRuns
from fairreg.services.run.demonstrate import RunReport
from fairreg.services.run.loaded_model import LoadedModel
from fairreg.services.run.origin import WeightsOrigin
from fairreg.services.run.predict import Prediction
from fairreg.services.run.vectors.compare import OutputCheck, Tolerance
from fairreg.services.run.vectors.report import SetCheck, VectorCheck, VectorRun
from fairreg.services.search.report import SearchReport, SearchRow, SourceAnswer, VersionRow
from fairreg.storage.cache import CachedFile
from support.hostile import hostile_everywhere
from support.report_views import REPORTS

BARE_RECORD = ModelRecord(identifier="url:a", kind="model", name="A", provenance=Provenance("file", "a"))


class Doubler(Runner):
    """A runner with a signature and nothing behind it."""

    def compute(self, arrays):
        return {"y": arrays["x"] * 2}


def runner(text="x"):
    features = (Feature(name=text, unit=text),) * 12
    made = Doubler(
        text, (Tensor(text, "float32", (text, 3), features),), (Tensor("y", text, (), (), text),), device=text
    )
    made.remarks = (text,)
    return made


def row(text="net", **fields):
    known = {"kind": "model", "sources": (text,), "doi": None, "license": text, "task": (text, text)}
    known |= {"frameworks": (text,), "year": 2024, "score": 1.0, "runnable": True, "runs": text}
    known |= {"fair_score": 0.5, "url": text, "versions": (VersionRow(text, None, text, 2024),), "gone": True}
    return SearchRow(**{"id": text, "name": text, **known, **fields})


def report(text="net", rows=3, **fields):
    known = {"warnings": (text,), "sources": {text: SourceAnswer("error", message=text)}}
    known |= {"facets": {text: {text: 2}}, "unheld": (UnheldValue(text, text),)}
    return SearchReport(text, rows + 1, tuple(row(text) for _ in range(rows)), **{**known, **fields})


def fetched(text="a.onnx"):
    path, folder = Path(text.replace("\0", "") or "x"), Path("/made")
    item = Distribution(name=text or "x", url=text, checksums=("md5:00",))
    file = Downloaded(item, CachedFile(path, "0" * 64, 10), "md5:00", verified=True, from_cache=False)
    member = ArchiveMember(text, folder / "m", text)
    unopened = UnopenedFile(text, path, text)
    return FetchedFiles(
        text, named_record(text), (file,), (folder,), (path,), members=(member,), unopened=(unopened,)
    )


def plan(text="a.onnx"):
    item = PlannedFile(Distribution(name=text or "x", url=text, size=3, size_is_rounded=True), is_here=False)
    return FetchPlan(text, named_record(text), (item,), unmatched=(text,))


def named_record(text):
    return msgspec.structs.replace(BARE_RECORD, name=text or "x", identifier=text or "x")


def origin(text):
    return WeightsOrigin("published", text, text)


def prediction(text="x"):
    arrays = {text: np.array([[1.0, np.nan]]), "words": np.array([text or "x"], object)}
    return Prediction(
        model=text, path=Path("w.onnx"), fingerprint=text, origin=origin(text), runner=runner(text),
        batching=Batching(), source=text, outputs=arrays, items=1, seconds=0.0, metrics={text: 0.5},
        warnings=(text,), converted_from=text, output=Path("/made/out.npz"),
    )  # fmt: skip


def opened(text):
    return LoadedModel(runner(text), Path("w.onnx"), recognition(text), (text,))


def recognition(text):
    return Recognition("hbb_in", text, Path("w.onnx"), "onnx", text, 3, {})


def check(text, **fields):
    compared = OutputCheck(text, 0.5, Tolerance(0.1, 0.1), **{"agrees": False, **fields})
    return VectorCheck((SetCheck(text, (text,), 3, (), (compared,), note=text),), 0.1)


def vector_run(text="x"):
    return VectorRun(opened(text), text, check(text), Batching())


def many_runs(text="x"):
    source = Path(text.replace("\0", "") or "x")
    runs = {source: FileRun(source, 3, {text: 0.5}, Path("/made/o.npz"), skipped=True)}
    return ManyRuns(opened(text), "0" * 64, files=runs, failures={source: FairregError(text)})


def demonstration(text="x"):
    shown = Demonstration(text, 3, {text: 0.9}, 10.0, 1, (text,))
    return RunReport(
        recognition(text), text, text, text, shown, origin(text), Batching(), (text,), vectors=check(text)
    )


def assessment(text="x"):
    return advised(with_record(HBB, identifier=text or "x", license_stated=text, description=text))


VIEWS = {
    "record": hostile_everywhere,
    "row": row,
    "search": report,
    "runner": runner,
    "fetched": fetched,
    "plan": plan,
    "prediction": prediction,
    "vectors": vector_run,
    "many": many_runs,
    "demonstration": demonstration,
    "citation": FormattedCitation,
    "bibtex": lambda text: FormattedCitation(text, "bibtex"),
    **REPORTS,
}
