# SPDX-License-Identifier: MIT
"""Short names of the letters and principles, in our words.

After Table 1 of Duarte et al., Mach. Learn.: Sci. Technol. 4 (2023) 045062, for models, and Tables 1 and 2 of
Chen et al., Sci. Data 9 (2022) 31, for datasets.
"""

from collections.abc import Mapping
from types import MappingProxyType

from fairreg import rubrics

__all__ = ["LETTER_NAMES", "named_principle", "principle_name"]

LETTER_NAMES: Mapping[str, str] = MappingProxyType(
    {"F": "Findable", "A": "Accessible", "I": "Interoperable", "R": "Reusable"}
)
_SHARED = {
    "F1": "Identifiers",
    "F2": "Descriptive metadata",
    "F3": "Identifier in the metadata",
    "F4": "Indexing and search",
    "A1": "Retrieval by identifier",
    "A2": "Lasting metadata",
    "R1.1": "Licence",
    "R1.2": "Provenance",
}
_NAMES: Mapping[str, Mapping[str, str]] = {
    rubrics.MODELS: {
        **_SHARED,
        "A1.1": "Open protocol",
        "A1.2": "Authentication and access",
        "I1": "Formats and interfaces",
        "I2": "References to data, code and papers",
        "R1": "Description for use",
        "R2": "Dependencies and related models",
        "R3": "Community standards",
    },
    rubrics.DATASETS: {
        **_SHARED,
        "A1.2": "Access conditions",
        "I1": "Formats and fields",
        "I2": "Vocabularies",
        "I3": "References to other objects",
        "R1.3": "Community standards",
    },
}


def principle_name(rubric: str, principle: str) -> str:
    """Return the name of a principle of a rubric; an empty text for one that is not in the tables.

    >>> principle_name("fair-ai-models", "F1")
    'Identifiers'
    """
    return _NAMES.get(rubric, {}).get(principle, "")


def named_principle(rubric: str, principle: str) -> str:
    """Return number and name of a principle.

    >>> named_principle("fair-datasets", "I2")
    'I2 Vocabularies'
    """
    return f"{principle} {principle_name(rubric, principle)}".rstrip()
