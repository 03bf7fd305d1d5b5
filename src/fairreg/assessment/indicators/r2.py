# SPDX-License-Identifier: MIT
"""R2 (Duarte et al. 2023, Table 1).

The AI model includes qualified references to other models and software, such as dependencies.
"""

import re

from fairreg.assessment.base import Finding, indicator
from fairreg.assessment.content.environment import (
    base_images,
    floating,
    included,
    is_lock,
    is_project,
    package_of,
    pinned,
    pulled_images,
    requirements,
)
from fairreg.assessment.content.packaged_metadata import base_model_told
from fairreg.assessment.evidence import Document, Evidence, Role
from fairreg.assessment.findings import (
    cite_document,
    cite_relation,
    cite_text,
    free_texts,
    partial,
    passed,
    unknown,
    unread_files,
)
from fairreg.assessment.lineage import base_models

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
    """Requirement files, environments, lock files, and requirements of a setup.py or setup.cfg."""
    stated = (*evidence.of_role("requirements"), *filter(is_project, evidence.of_role("code")))
    read = [item for item in stated if is_lock(item) or requirements(item) or included(item)]
    locks = [item for item in read if is_lock(item)]
    if locks:
        return passed(f"{locks[0].path} pins everything.", cite_document(locks[0], "lock file"))
    remedy = "Pin every requirement (pip-compile, uv lock or conda-lock) and commit the result."
    lines = [line for item in read for line in requirements(item)]
    if not lines:
        return unread_files(evidence, "a list of dependencies", remedy=remedy, roles=("requirements",))
    cited = [cite_document(item, requirements(item)) for item in read]
    loose = _loose(read)
    moving = [line for line in loose if floating(line)]
    also = f", and {moving[0]} follows a branch or tag" if moving else ""
    paths = {item.path for item in read}
    absent = [path for item in read for path in included(item) if path not in paths]
    if loose:
        return partial(f"{len(loose)} requirements are not pinned{also}.", *cited, remedy=remedy)
    if absent:
        return partial(f"{absent[0]}, which a list includes, was not read.", *cited, remedy=remedy)
    if cut := next((item for item in read if _is_cut(evidence, item)), None):
        return unknown(f"{cut.path} was not read to its end.", *cited)
    where = ", ".join(sorted(paths)[:3])
    return passed(f"Every requirement is pinned ({len(lines)} in {where}).", *cited)


def _loose(read: list[Document]) -> list[str]:
    """Return the requirements without an exact version; one of a package may be pinned in another file."""
    exact = [(item.path, package_of(line)) for item in read for line in requirements(item) if pinned(line)]
    return [
        line
        for item in read
        for line in requirements(item)
        if not pinned(line) and not (is_project(item) and _is_elsewhere(exact, item, line))
    ]


def _is_elsewhere(exact: list[tuple[str, str]], document: Document, requirement: str) -> bool:
    package = package_of(requirement)
    return any(path != document.path and name == package for path, name in exact)


def _is_cut(evidence: Evidence, document: Document) -> bool:
    """Tell whether a document goes on after what was read of it."""
    return any(item.path == document.path for item in evidence.unread)


@indicator(
    "R2-2",
    weight=2,
    title="Related models referenced",
    passes="a typed relation to the model that it derives from, or base_model of the card: a model, or none",
    partial="in prose, also 'trained from scratch'",
    fails="none",
    corresponds_to=("ML-R2-01M",),
)
def related_models(evidence: Evidence) -> Finding:
    """Typed relations to other models, else base_model of a card, else a sentence."""
    typed = base_models(evidence)
    if typed:
        return passed(f"The record names {typed[0].target.compact}.", cite_relation(evidence, typed[0]))
    for document in evidence.of_role("model_card", "readme"):
        if told := base_model_told(document):
            says = "says that it starts from no other model" if told == "none" else "names its base model"
            return passed(f"The model card {says}.", cite_document(document, f"base_model: {told}"))
    remedy = (
        "Name the base model as a typed relation, or as base_model in the front matter of MODEL_CARD.md; "
        "where there is none, write base_model: none there."
    )
    for document in free_texts(evidence, "model_card", "readme", "docs"):
        from fairreg.assessment.content.objects.related import related_model

        if said := related_model(document):
            reason = f"Related models are stated in prose only, in {document.path}."
            return partial(reason, cite_text(evidence, document, said), remedy=remedy)
    return unread_files(
        evidence,
        "a reference to related models",
        remedy=remedy,
        roles=("model_card", "readme", "docs", "citation", "codemeta", "zenodo_json"),
        registered=True,
    )


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
    for document in free_texts(evidence, "readme", "docs", "model_card"):
        from fairreg.assessment.content.purpose import instructions

        shown = (name for item in instructions(document) for name in pulled_images(item.lines))
        found += [(document, name) for name in shown]
    remedy = "Publish the image, and name it by its digest (image@sha256:...)."
    loose = {document.path for document, name in found if not _DIGEST.search(name)}
    # Each stage of a build can change it, so that one image without a digest is enough.
    exact = [(document, name) for document, name in found if document.path not in loose]
    exact = [(document, name) for document, name in exact if not _is_cut(evidence, document)]
    if exact:
        return passed(f"{exact[0][0].path} names an image by its digest.", cite_text(evidence, *exact[0]))
    if found and loose:
        cited = [cite_text(evidence, document, name) for document, name in found]
        moving = next(name for _, name in found if not _DIGEST.search(name))
        return partial(f"{found[0][0].path} names {moving}, which can change.", *cited, remedy=remedy)
    roles: tuple[Role, ...] = ("dockerfile", "readme", "docs", "model_card")
    return unread_files(evidence, "a Dockerfile or container image", remedy=remedy, roles=roles)
