# SPDX-License-Identifier: MIT
"""Texts that break the syntax of documents that are written carelessly, and records that are full of them."""

import msgspec
from hypothesis import strategies as st

from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Creator, Distribution, Evaluation, Relation, Tensor
from support.full_record import FULL

NASTY = st.sampled_from(
    [
        "---", "\n---\n", "...", "\n# Heading\n", "## Limitations\n", "```", "\n~~~\n", "<!--", "-->", "{",
        "}", "}}", "{{x}}", "\\", "\\}", '"', "'", '"""', ": ", "- a", "? ", "&a *a", "!!int", "%YAML", "|",
        "\x00", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u202e", "\ufeff", "\ufffe", "\r", "\r\n", "\t", "é→",
        "<b>", "</script>", "<script>", "]]>", "&lt;", "#", "$x$", "%", "@id", "null", "= 1", "1.", "===",
        "***", " ", "\n\n", "https://x/} {", "𝒳",
    ]
)  # fmt: skip
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
HOSTILE = st.lists(NASTY | ANY_TEXT, max_size=9).map("".join)
LONG = "very long } \" ' --- \n" * 2000


def hostile_everywhere(text):
    """A record that holds `text` in all that a source may fill freely."""
    named = text or "x"
    return msgspec.structs.replace(
        FULL,
        name=named,
        description=text,
        version=text,
        publisher=text,
        license_stated=text,
        keywords=(text, "b"),
        creators=(Creator(name=named, affiliation=text), Creator(name=named, kind="organization")),
        identifiers=(
            Identifier("doi", "10.1234/" + named),
            Identifier("github", named),
            Identifier("arxiv", named),
        ),
        relations=(Relation(type="trained_on", target=Identifier("url", named)),),
        ml_task=(text,),
        model_category=(text,),
        frameworks=(text,),
        distributions=(Distribution(name=named, url=text or None),),
        evaluations=(Evaluation(metric=named, value=text, dataset=text, split=text),),
        inputs=(Tensor(name=text, dtype=text, shape=(text,)),),
        intended_use=text,
        limitations=text,
        usage=text,
        provenance=msgspec.structs.replace(FULL.provenance, url=text),
    )
