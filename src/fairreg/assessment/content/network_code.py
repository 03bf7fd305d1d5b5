# SPDX-License-Identifier: MIT
"""Code that bare weights need before anybody can use them: their network's own, or a library that has it."""

import re

from fairreg.assessment.evidence import Evidence, FileFact

__all__ = ["named_architecture", "network_code"]

# Libraries that build a network from the name of its architecture.
_LIBRARIES = frozenset(
    {
        *(
            "transformers",
            "diffusers",
            "timm",
            "sentence-transformers",
            "open_clip",
            "peft",
            "adapter-transformers",
        ),
        *("keras", "fastai", "speechbrain", "nemo", "paddlenlp", "spacy", "segmentation_models_pytorch"),
    }
)
# Classes and functions of which networks are built, in the libraries of the formats above.
_BUILDS = re.compile(
    r"\bnn\.(?:Module|Sequential|Linear|compact)\b|\bLightningModule\b|\bkeras\b|\b(?:flax|haiku|hk|eqx|equinox)\b"
    r"|\bnn\.functional\b|\bfrom torch\.nn import\b|\bfrom_pretrained\("
)


def network_code(evidence: Evidence) -> list[FileFact]:
    """Return the Python files that may build the network; a file whose text was read must do so.

    Where the evidence notes unread code, only what was read counts: whether the rest builds it is not known.
    """
    unread = "" if any(item.role == "code" for item in evidence.unread) else "nn.Module"
    texts = {document.path: document.text for document in evidence.of_role("code")}
    code = [file for file in evidence.files if file.path.endswith(".py")]
    return [file for file in code if _BUILDS.search(texts.get(file.path, unread))]


def named_architecture(evidence: Evidence) -> tuple[str, ...]:
    """Return the record's architecture where a library is stated that builds it by this name."""
    libraries = {name.lower().replace("🤗 ", "") for name in evidence.record.frameworks}
    return evidence.record.model_category if libraries & _LIBRARIES else ()
