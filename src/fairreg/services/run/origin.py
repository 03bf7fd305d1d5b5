# SPDX-License-Identifier: MIT
"""Origin of the weights of a run, with its evidence: their fingerprint, or the record they came from."""

from dataclasses import dataclass
from typing import Any, Literal

from fairreg.models.base import Recognition

__all__ = ["Origin", "WeightsOrigin", "origin_of", "packaged_origin", "weights_document"]

Origin = Literal["local", "published", "reference"]


@dataclass(frozen=True)
class WeightsOrigin:
    """Origin of weights, with the `evidence` in a sentence.

    `word`: ``reference`` for the weights that fairreg packages, ``published`` for those of the record
    `identifier`, ``local`` for a file of which fairreg knows nothing else.
    """

    word: Origin
    identifier: str | None
    evidence: str

    def __str__(self) -> str:
        return f"{self.word}, from {self.identifier}" if self.identifier else self.word


def origin_of(recognition: Recognition | None, *, fetched_from: str | None) -> WeightsOrigin:
    """Return the origin of weights; `fetched_from` is the record that they were fetched from, if any.

    A fingerprint proves more than the place that the bytes came from only for packaged weights: a copy of
    them stays what it is in every record.
    """
    if recognition is not None and recognition.known_as == "reference":
        return packaged_origin(recognition)
    known_as, record = (recognition.known_as, recognition.record) if recognition else (None, None)
    if fetched_from is not None:
        return WeightsOrigin("published", fetched_from, f"The file was fetched from {fetched_from}.")
    if known_as == "published":
        return WeightsOrigin("published", record, f"The fingerprint is that of weights in {record}.")
    return WeightsOrigin("local", None, "The file was given by its path; no record is known for it.")


def packaged_origin(recognition: Recognition) -> WeightsOrigin:
    """Return the origin of weights that are packaged with fairreg, or equal to them."""
    return WeightsOrigin(
        "reference", recognition.record, "The fingerprint is that of weights packaged with fairreg."
    )


def weights_document(
    origin: WeightsOrigin, file: str, sha256: str, fingerprint: str | None, parameters: int | None
) -> dict[str, Any]:
    """The entry ``weights`` of the documents that runs print; `parameters` are counted as elements."""
    return {
        "origin": origin.word,
        "identifier": origin.identifier,
        "evidence": origin.evidence,
        "file": file,
        "sha256": sha256,
        "fingerprint": fingerprint,
        "parameters": parameters,
    }
