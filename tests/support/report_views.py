# SPDX-License-Identifier: MIT
"""Reports that hold one text in all that others may fill, for tests of their views."""

from pathlib import Path

from fairreg.errors import FairregError
from fairreg.models.base import Recognition
from fairreg.registry.entries import Entry
from fairreg.registry.resolution.lineage import LinkEvidence
from fairreg.registry.resolution.report import LineageReport, SourceLink
from fairreg.runners import Runner
from fairreg.runners.weights import ModelCandidate
from fairreg.schemas.documents.changes.locks import LockDocument, LockedFile, LockedModel, LockedScores
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord, Provenance, Tensor
from fairreg.services.convert.agreement import OutputAgreement
from fairreg.services.convert.onnx import OnnxConversion
from fairreg.services.convert.triton import ConvertedFile, TritonConversion
from fairreg.services.convert.triton_config import TritonConfig
from fairreg.services.diff.diff import DiffReport
from fairreg.services.diff.files import FileDifference, FileState
from fairreg.services.diff.metadata import FieldDifference
from fairreg.services.diff.scores import ScoreState, VerdictDifference
from fairreg.services.diff.sides import Side
from fairreg.services.diff.weights import WeightsDifference, WeightsState
from fairreg.services.fetch.resolve import Resolution, SourceRecord, Step
from fairreg.services.harvest.harvest import HarvestReport, Refusal
from fairreg.services.inspect.inspect import FileInspection, InspectionReport
from fairreg.services.inspect.onnx_graph import OnnxFacts
from fairreg.services.inspect.published import PublishedWeights
from fairreg.services.inspect.runnable import Runnability
from fairreg.services.inspect.tensors import TensorCounts
from fairreg.services.lock.report import ModelVerification, VerificationReport
from fairreg.services.lock.scores import VerifiedScores
from fairreg.services.run.loaded_model import LoadedModel, ModelChoice
from fairreg.storage.recognition.description import FormatDescription

__all__ = ["REPORTS"]


def _record(text):
    origin = Provenance("file", "a", url=text or None)
    return ModelRecord(
        identifier=text or "x", kind="model", name=text or "x", version=text, provenance=origin
    )


def _recognition(text):
    return Recognition("hbb_in", text, Path("w.onnx"), "onnx", text, 3, {})


class _Silent(Runner):
    def compute(self, arrays):
        return arrays


def _opened(text):
    runner = _Silent(text, (Tensor(text, "float32", (text,)),), (Tensor("y", text, ()),), device=text)
    return LoadedModel(runner, Path("w.onnx"), _recognition(text), (text,))


def inspection(text):
    graph = OnnxFacts(8, {text: 17}, text, 3, {text: 3}, (Tensor(text, text, (text,)),), ())
    item = FileInspection(
        name=text, path=Path("w.onnx"), size=3, sha256="0" * 64,
        described=FormatDescription("onnx", text, text, text, facts={text: text}, note=text),
        counts=TensorCounts(1, 3, {text: 3}, ((text, (3,), text),)),
        models=(ModelCandidate(text, text, 1, 3),),
        architecture=_recognition(text), onnx=graph, side_files=(text,),
        runs=Runnability("runs", text, text), published=(PublishedWeights(text, text, text, text),),
        faults=(FairregError(text),),
    )  # fmt: skip
    return InspectionReport(text, text, (item,), (text,))


def harvest(text):
    return HarvestReport(text, text, refused=[Refusal(text, text, text)], notes=[text], fault=text, new=3)


def resolution(text):
    found = SourceRecord(_record(text), b"", text)
    steps = (Step(text, "found", text),)
    return Resolution(text, Identifier("url", text or "x"), found, fault=FairregError(text), steps=steps)


def onnx(text):
    chosen = ModelChoice(Path("w.pt"), _recognition(text))
    agreed = (OutputAgreement(text, None, text),)
    return OnnxConversion(
        chosen,
        "0" * 64,
        Path("w.onnx"),
        3,
        "0" * 64,
        17,
        text,
        text,
        text,
        agreed,
        existing=False,
        warnings=(text,),
    )


def triton(text):
    config, files = TritonConfig(text, 0, (), ()), (ConvertedFile(text, 3, text),)
    agreed = OutputAgreement(text, 0.1, text)
    return TritonConversion(_opened(text), "0" * 64, Path("made"), config, files, agreed, False, (text,))


def _scores(text):
    return ScoreState(text, text, 0.5, {}, {}, {})


def _differences(text):
    state, weights = FileState(text, 3), WeightsState(text, text, text, parameters=3)
    return {
        "metadata": (FieldDifference(text, text, [text, {text: text}]), FieldDifference("name", None, text)),
        "files": (FileDifference(text, "changed", state, state, text),),
        "weights": (WeightsDifference("not readable", weights._replace(fault=text), weights),),
        "scores": (VerdictDifference(text, text, text, None),),
    }


def diff(text):
    side = Side(text, text, text)
    return DiffReport(side, side, 3, 3, **_differences(text), not_compared={text: text})


def lock(text):
    scores = LockedScores(text, text, 0.5, {}, {})
    files = [LockedFile(text, 3, "0" * 64)]
    model = LockedModel(text, [text], text, text, files, [], "0" * 64, {"name": text}, scores)
    return LockDocument(text, text, 1, [model])


def verification(text):
    parts = _differences(text)
    scores = VerifiedScores(_scores(text), _scores(""), parts["scores"], (), parts["scores"])
    locked = lock(text)
    model = ModelVerification(
        locked.models[0],
        FairregError(text),
        parts["files"],
        parts["weights"],
        parts["metadata"],
        scores,
        None,
    )
    return VerificationReport(Path("models.lock"), locked, (model,))


def lineage(text):
    entry = Entry(text, _record(text), (text,), runnable=False, gone_at="2026-01-01")
    link = LinkEvidence(text, text, (), (text,))
    return LineageReport(entry, (entry,), (SourceLink(text, text, text, text, text, text),), (link,))


REPORTS = {
    "inspection": inspection,
    "harvest": harvest,
    "resolution": resolution,
    "onnx": onnx,
    "triton": triton,
    "diff": diff,
    "lock": lock,
    "verification": verification,
    "lineage": lineage,
}
