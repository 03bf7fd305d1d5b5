# SPDX-License-Identifier: MIT
"""Reports of conversions as a notebook shows them."""

from collections.abc import Iterable, Sequence

from fairreg.schemas.notebook.markup import Html, card, element, facts, notes, size_text, table
from fairreg.schemas.text import counted
from fairreg.services.convert.agreement import OutputAgreement
from fairreg.services.convert.onnx import OnnxConversion
from fairreg.services.convert.triton import ConvertedFile, TritonConversion

__all__ = ["onnx_view", "triton_view"]


def onnx_view(made: OnnxConversion) -> str:
    """Return the written file, and how far its outputs are from those of its source."""
    known = made.chosen.recognition
    return card(
        known.title if known else made.chosen.path.name,
        ("ONNX", size_text(made.size), "was there" if made.existing else "written"),
        notes(made.warnings),
        facts(
            (
                ("file", element("code", str(made.output))),
                ("SHA-256", element("code", made.sha256)),
                ("opset", str(made.opset)),
                ("converted from", made.original),
                ("compared with", made.compared_with or "nothing"),
                ("remark", made.reason),
            )
        ),
        _agreements(made.agreement),
    )


def triton_view(made: TritonConversion) -> str:
    """Return the files of the model repository, and how far its outputs are from those of the source."""
    return card(
        made.opened.title,
        ("Triton", counted(len(made.files), "file"), "were there" if made.existing else "written"),
        notes(made.warnings),
        facts(
            (
                ("model in Triton", made.config.name),
                ("folder", element("code", str(made.folder))),
                ("maximum batch size", str(made.config.max_batch_size)),
            )
        ),
        _agreements((made.agreement,)),
        table(("file", "size#", "SHA-256"), made.files, "files", row=_file, caption="Files"),
    )


def _agreements(items: Iterable[OutputAgreement]) -> Html:
    columns = ("inputs", "largest difference#", "remark")
    return table(columns, tuple(items), "comparisons", row=_agreement, caption="Outputs beside the source")


def _agreement(item: OutputAgreement) -> Sequence[object]:
    told = "not measured" if item.max_difference is None else f"{item.max_difference:.2g}"
    return item.inputs, told, item.reason


def _file(item: ConvertedFile) -> Sequence[object]:
    return item.path, size_text(item.size), element("code", item.sha256)
