# SPDX-License-Identifier: MIT
"""Errors of the protocol (OAI-PMH 2.0, section 3.6): answers like others, with HTTP status 200."""

from typing import Final, Literal

__all__ = ["UNREPEATED", "OaiFault"]

Code = Literal[
    "badArgument",
    "badResumptionToken",
    "badVerb",
    "cannotDisseminateFormat",
    "idDoesNotExist",
    "noMetadataFormats",
    "noRecordsMatch",
]
# Those after which the answer does not repeat the arguments.
UNREPEATED: Final = frozenset({"badArgument", "badVerb"})


class OaiFault(Exception):
    """An error of the protocol: its code, and a sentence for people."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
