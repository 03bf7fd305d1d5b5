# SPDX-License-Identifier: MIT
"""R2 (Duarte et al. 2023, Table 1).

The AI model includes qualified references to other models and software, such as dependencies.
"""

import re

from fairreg.assessment.base import Finding, indicator
from fairreg.assessment.content.claims import is_nothing
from fairreg.assessment.content.documents import stated_in
from fairreg.assessment.content.environment import (
    base_images,
    floating,
    is_lock,
    pinned,
    pulled_images,
    requirements,
)
from fairreg.assessment.evidence import Document, Evidence
from fairreg.assessment.findings import (
    cite_document,
    cite_relation,
    cite_text,
    free_texts,
    partial,
    passed,
    unread_files,
)
from fairreg.assessment.lineage import base_models
from fairreg.formats.file_facts import listed_as_written
from fairreg.formats.front_matter import strict_mapping

_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}")


@indicator(
    "R2-1",
    weight=3,
    title="Dependencies, machine-readable",
    passes="a lock file, or every requirement at an exact version, a commit or a hash",
    partial="unpinned, or a floating reference to a repository",
    fails="none",
    corresponds_to=("FRSM-13-R1-2",),
)
def dependencies(evidence: Evidence) -> Finding:
    """Requirement files, environments and lock files."""
    read = [item for item in evidence.of_role("requirements") if is_lock(item) or requirements(item)]
    locks = [item for item in read if is_lock(item)]
    if locks:
        return passed(f"{locks[0].path} pins everything.", cite_document(locks[0], "lock file"))
    remedy = "Pin every requirement (pip-compile, uv lock or conda-lock) and commit the result."
    for document in read:
        lines = requirements(document)
        if all(pinned(line) for line in lines):
            return passed(
                f"{document.path} pins all {len(lines)} requirements.", cite_document(document, lines)
            )
    if not read:
        return unread_files(evidence, "a list of dependencies", remedy=remedy)
    loose = [line for item in read for line in requirements(item) if not pinned(line)]
    moving = [line for line in loose if floating(line)]
    also = f", and {moving[0]} follows a branch or tag" if moving else ""
    cited = [cite_document(item, requirements(item)) for item in read]
    return partial(f"{len(loose)} requirements are not pinned{also}.", *cited, remedy=remedy)


@indicator(
    "R2-2",
    weight=2,
    title="Related models referenced",
    passes="a typed relation to the model that it derives from",
    partial="in prose, also 'trained from scratch'",
    fails="none",
    corresponds_to=("ML-R2-01M",),
)
def related_models(evidence: Evidence) -> Finding:
    """Typed relations to other models, else base_model of a card, else a sentence."""
    typed = base_models(evidence)
    if typed:
        return passed(f"The record names {typed[0].target.compact}.", cite_relation(evidence, typed[0]))
    for item in stated_in(evidence):
        if "base_model" in item.facts.filled and _names_a_model(item.document):
            return passed("The model card names its base model.", cite_document(item.document, "base_model"))
    remedy = (
        "Name the base model as a typed relation or as base_model of the card, or say that there is none."
    )
    for document in free_texts(evidence, "model_card", "readme", "docs"):
        from fairreg.assessment.content.reported import related_model

        if said := related_model(document):
            reason = f"Related models are stated in prose only, in {document.path}."
            return partial(reason, cite_text(evidence, document, said), remedy=remedy)
    return unread_files(evidence, "a reference to related models", remedy=remedy)


def _names_a_model(card: Document) -> bool:
    """Tell whether base_model of the front matter names one, in place of "none" or a placeholder."""
    names = listed_as_written(strict_mapping(card.text).get("base_model"))
    return any(isinstance(name, str) and not is_nothing(name) for name in names)


@indicator(
    "R2-3",
    weight=2,
    title="Environment image",
    passes="a container image by its digest",
    partial="by a tag, or a Dockerfile",
    fails="none",
    corresponds_to=("cookiecutter4fair Table 2",),
)
def image(evidence: Evidence) -> Finding:
    """FROM lines of the Dockerfiles, and images that the documents pull."""
    read = evidence.of_role("dockerfile")
    found = [(document, name) for document in read for name in base_images(document) or ("no base image",)]
    for document in evidence.of_role("readme", "docs", "model_card"):
        from fairreg.assessment.content.purpose import instructions

        shown = (name for item in instructions(document) for name in pulled_images(item.lines))
        found += [(document, name) for name in shown]
    remedy = "Publish the image, and name it by its digest (image@sha256:...)."
    loose = {document.path for document, name in found if not _DIGEST.search(name)}
    # Each stage of a build can change it, so that one image without a digest is enough.
    exact = [(document, name) for document, name in found if document.path not in loose]
    if exact:
        return passed(f"{exact[0][0].path} names an image by its digest.", cite_document(*exact[0]))
    if found:
        cited = [cite_document(document, name) for document, name in found]
        moving = next(name for _, name in found if not _DIGEST.search(name))
        return partial(f"{found[0][0].path} names {moving}, which can change.", *cited, remedy=remedy)
    return unread_files(evidence, "a Dockerfile or container image", remedy=remedy)
