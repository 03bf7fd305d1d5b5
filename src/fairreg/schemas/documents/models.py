# SPDX-License-Identifier: MIT
"""Documents of ``inspect`` and ``convert``."""

from typing import Literal

from msgspec import UNSET, UnsetType

from fairreg.schemas.documents.base import DocumentPart, Scalar

__all__ = ["InspectDocument", "OnnxDocument", "RecordOfWeights", "TritonDocument"]


class FirstTensor(DocumentPart, frozen=True):
    """Tensor of a file."""

    name: str
    """Name."""
    shape: list[int]
    """Shape."""
    dtype: str
    """Type of the elements."""


class TensorsOfFile(DocumentPart, frozen=True):
    """Tensors of a file."""

    count: int
    """Number of tensors."""
    parameters: int
    """Number of their elements."""
    types: dict[str, int]
    """Number of elements by type."""
    first: list[FirstTensor]
    """The first few."""


class RecognisedNetwork(DocumentPart, frozen=True):
    """Network that is known by the names and shapes of the tensors."""

    model: str
    """Name of the model package."""
    title: str
    """Name for people."""
    parameters: int
    """Number of parameters."""
    hyperparameters: dict[str, Scalar]
    """Sizes and settings of the network by name; null for a number that is not finite."""
    assumptions: list[str]
    """Sentences on what the file does not show."""


class ModelInFile(DocumentPart, frozen=True):
    """Model in a file, of which a checkpoint may have several."""

    place: str
    """Place in the file; empty where it has one model."""
    fingerprint: str
    """Fingerprint of the weights."""
    tensors: int
    """Number of tensors."""
    parameters: int
    """Number of their elements."""


class OnnxHeader(DocumentPart, frozen=True):
    """Statements of an ONNX file about itself."""

    ir_version: int
    """Version of the format."""
    opsets: dict[str, int]
    """Version of each operator set by its domain."""
    producer: str | None
    """Program that made it; null where none is stated."""
    nodes: int
    """Number of nodes."""
    operators: dict[str, int]
    """Number of nodes by operator, the most frequent ones."""


class FeatureOfTensor(DocumentPart, frozen=True):
    """Feature along an axis."""

    name: str
    """Name."""
    unit: str | None
    """Unit; null where none is stated."""
    description: str | None
    """Description; null where none is stated."""


class TensorOfSignature(DocumentPart, frozen=True):
    """Input or output of a model."""

    name: str
    """Name."""
    dtype: str
    """Type of the elements."""
    shape: list[int | str]
    """Shape; a word is a free axis."""
    description: str | None
    """Description; null where none is stated."""
    features: list[FeatureOfTensor]
    """Features in order."""


class RunVerdict(DocumentPart, frozen=True):
    """Verdict on running a file here."""

    verdict: Literal[
        "runs",
        "may run: ONNX",
        "may run: TensorRT",
        "needs a file beside it",
        "needs the author's code",
        "does not run here",
        "refused for safety",
        "is not a model",
    ]
    """Verdict."""
    reason: str | None
    """Reason; null where it runs."""
    hint: str | None
    """Next step; null where there is none."""
    runtime: str | UnsetType = UNSET
    """Runtime; absent where it does not run."""
    engine: str | UnsetType | None = UNSET
    """Engine with its version; null where the runtime does not state it, absent where it does not run."""
    converted_from: str | UnsetType | None = UNSET
    """Program of a model that runs as ONNX; null where it was not converted, absent where it does not run."""
    computed: str | UnsetType = UNSET
    """How inputs are cut, in words; absent where it does not run."""


class RecordOfWeights(DocumentPart, frozen=True):
    """Record whose files hold the same weights."""

    id: str
    """Identifier."""
    title: str | None
    """Title; null where it is not known."""
    fingerprint: str
    """Fingerprint that both have."""
    evidence: str
    """Evidence in a sentence."""


class InspectedFile(DocumentPart, frozen=True):
    """Findings about one file."""

    name: str
    """Name in the record or the archive."""
    path: str
    """Path here."""
    size: int
    """Size in bytes."""
    sha256: str
    """SHA-256 of the file, in hexadecimal digits."""
    content_digest: str | None
    """SHA-256 of the file with its side files; null where one of them is missing."""
    format: str
    """Format by its content, such as onnx, safetensors or zip_torch."""
    description: str
    """Format in words."""
    framework: str | None
    """Framework that made it; null where it is not known."""
    version: str | None
    """Version of the framework that the file states; null where it states none."""
    states: dict[str, str | int]
    """What else the file states, by name."""
    note: str | None
    """What could not be read; null where there is nothing to say."""
    tensors: TensorsOfFile | None
    """Tensors; null where the format is not read."""
    architecture: RecognisedNetwork | None
    """Network; null where none is recognised."""
    fingerprint: str | None
    """Fingerprint of the model that is read by default; null where there is none."""
    models: list[ModelInFile]
    """Models in the file."""
    onnx: OnnxHeader | None
    """Header of an ONNX file; null for other files, and where it cannot be read."""
    inputs: list[TensorOfSignature]
    """Inputs of the model."""
    outputs: list[TensorOfSignature]
    """Outputs of the model."""
    side_files: list[str]
    """Files beside it that belong to it."""
    runs: RunVerdict
    """Whether it runs here."""
    published: list[RecordOfWeights]
    """Records with the same weights."""
    faults: list[str]
    """Sentences on what is wrong with the file."""


class InspectDocument(DocumentPart, frozen=True):
    """Findings about a file, or about the model files of a record."""

    requested: str
    """Identifier or file as given."""
    id: str | None
    """Identifier of the record; null for a local file."""
    files: list[InspectedFile]
    """Files."""
    warnings: list[str]
    """Sentences for the user."""


class WeightsConverted(DocumentPart, frozen=True):
    """Source of a conversion."""

    file: str
    """Name of the file."""
    sha256: str
    """SHA-256 in hexadecimal digits."""
    fingerprint: str | None
    """Fingerprint of the weights; null where the format has none."""
    parameters: int | None
    """Number of parameters; null where the tensors of the format are not read."""


class AgreementOfOutputs(DocumentPart, frozen=True):
    """Difference between the outputs of the source and of the written model."""

    inputs: str
    """Inputs of the comparison, in words."""
    max_difference: float | None
    """Largest absolute difference, in the unit of the outputs; null where they were not compared."""
    reason: str | None
    """Reason why they were not compared; null where they were."""


class ConversionDocument(DocumentPart, frozen=True):
    """Result of a conversion."""

    model: str
    """Name of the network, or of the file."""
    weights: WeightsConverted
    """Source."""
    existing: bool
    """True if the same was there already."""
    warnings: list[str]
    """Sentences for the user."""


class WrittenOnnx(DocumentPart, frozen=True):
    """The ONNX file."""

    path: str
    """Path."""
    size: int
    """Size in bytes."""
    sha256: str
    """SHA-256 in hexadecimal digits."""
    fingerprint: str | None
    """Fingerprint of its weights; null where it has no parameters."""


class OnnxDocument(ConversionDocument, frozen=True):
    """Conversion to an ONNX file."""

    original: str
    """Program, or network, of the source."""
    to: Literal["onnx"]
    """Format."""
    file: WrittenOnnx
    """Written file."""
    opset: int
    """Version of the default operator set."""
    compared_with: str | None
    """Engine that computed the outputs of the source; null where none did."""
    reason: str | None
    """Reason why none did, or how the converter compared them; null where an engine did."""
    agreement: list[AgreementOfOutputs]
    """Comparisons of the outputs."""


class WrittenFile(DocumentPart, frozen=True):
    """File of a model repository."""

    path: str
    """Path below the folder of the model."""
    size: int
    """Size in bytes."""
    sha256: str
    """SHA-256 in hexadecimal digits."""


class TritonDocument(ConversionDocument, frozen=True):
    """Conversion to a model repository of Triton Inference Server."""

    to: Literal["triton"]
    """Format."""
    name: str
    """Name of the model in Triton."""
    folder: str
    """Folder of the model."""
    max_batch_size: int
    """Value of max_batch_size in config.pbtxt."""
    files: list[WrittenFile]
    """Written files."""
    agreement: AgreementOfOutputs
    """Comparison of the outputs."""
