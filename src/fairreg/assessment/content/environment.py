# SPDX-License-Identifier: MIT
"""Readers of files that describe a software environment: requirements, lock files, Dockerfiles."""

import re
import tomllib

from fairreg.assessment.evidence import Document

__all__ = ["base_images", "floating", "is_lock", "pinned", "requirements", "stated_versions"]

_LOCKS = frozenset(
    {"poetry.lock", "uv.lock", "pipfile.lock", "pdm.lock", "pixi.lock", "conda-lock.yml", "pylock.toml"}
)
_PIN = re.compile(r"(?:===?\s*\d[\w.!+*-]*|@\s?\S{1,300}@[0-9a-f]{40}\b|--hash=)")
_FROM = re.compile(
    r"^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*(\S+)(?:[ \t]+AS[ \t]+(\S+))?", re.IGNORECASE | re.MULTILINE
)
_VERSIONED = re.compile(
    r"\b(?:torch|pytorch|tensorflow|keras|jax|scikit-learn|sklearn|onnx|onnxruntime|transformers|python|cuda)"
    # Blanks and digits are bounded: unbounded, a file of them takes quadratic time.
    r"(?:\s{1,20}version)?\s{0,20}(?:==|=|:)?\s{0,20}v?\d{1,9}\.\d{1,9}(?:\.\d+)?",
    re.IGNORECASE,
)


def is_lock(document: Document) -> bool:
    """Tell whether it is a lock file, which pins every version by its nature."""
    return document.path.rsplit("/", 1)[-1].lower() in _LOCKS


def requirements(document: Document) -> tuple[str, ...]:
    """Return the requirements of a requirements.txt, a conda environment or a pyproject.toml."""
    lines = (line.split(" #")[0].strip().removeprefix("- ") for line in document.text.splitlines())
    if document.path.endswith((".yml", ".yaml")):
        listed = [line.strip() for line in document.text.splitlines() if line.strip().startswith("- ")]
        return tuple(name for line in listed if (name := line[2:].strip()) and not _is_channel(name))
    if document.path.endswith(".toml"):
        return _project_dependencies(document.text)
    return tuple(line for line in lines if line and not line.startswith(("#", "-r", "--", "-c", "-f", "-i")))


def pinned(requirement: str) -> bool:
    """Tell whether a requirement names an exact version, a commit or a hash."""
    return bool(_PIN.search(requirement) or re.fullmatch(r"[\w.-]+=\d[\w.]*(?:=\S+)?", requirement))


def floating(requirement: str) -> bool:
    """Tell whether a requirement follows a branch of a repository."""
    return bool(re.search(r"git\+|\.git\b", requirement)) and not pinned(requirement)


def base_images(document: Document) -> tuple[str, ...]:
    """Return the base images of a Dockerfile, without its own earlier stages."""
    found = [(match[1], match[2]) for match in _FROM.finditer(document.text)]
    stages = {stage for _, stage in found if stage}
    return tuple(image for image, _ in found if image not in stages and image != "scratch")


def stated_versions(text: str) -> str | None:
    """Return the first passage that names a framework with its version."""
    match = _VERSIONED.search(text)
    return match[0] if match else None


def _project_dependencies(text: str) -> tuple[str, ...]:
    try:
        project = tomllib.loads(text).get("project", {})
    except (tomllib.TOMLDecodeError, RecursionError):
        return ()
    listed = project.get("dependencies", []) if isinstance(project, dict) else []
    return tuple(line for line in listed if isinstance(line, str)) if isinstance(listed, list) else ()


def _is_channel(name: str) -> bool:
    return name in {"conda-forge", "defaults", "pytorch", "nvidia", "bioconda", "pip:"} or name.endswith(":")
