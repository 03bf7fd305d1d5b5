# SPDX-License-Identifier: MIT
"""Readers of files that describe a software environment: requirements, lock files, Dockerfiles."""

import re
import tomllib

from fairreg.assessment.evidence import Document

__all__ = ["base_images", "floating", "is_lock", "pinned", "requirements"]

_LOCKS = frozenset(
    {"poetry.lock", "uv.lock", "pipfile.lock", "pdm.lock", "pixi.lock", "conda-lock.yml", "pylock.toml"}
)
_OPTIONS = ("#", "-r", "--", "-c", "-f", "-i")
# Exact versions only: of one release (PEP 440, `==` without `*`), a commit, or the bytes themselves.
_NAME = r"(?:[\w.-]{1,100}::)?[\w.-]{1,100}(?:\s?\[[\w\s,.-]{0,100}\])?"
_VERSION = (
    r"v?(?:\d{1,4}!)?\d{1,8}(?:\.\d{1,8}){0,8}(?:[._-]?(?:a|b|c|rc|alpha|beta|pre|post|dev"
    r"|r)[._-]?\d{0,8}){0,3}[a-wyz]?(?:\+[\w.-]{1,40})?"
)
_RELEASE = re.compile(
    rf"{_NAME}\s?\(?\s?={{2,3}}\s?{_VERSION}(?:\s?,\s?(?:[<>!]=?|~=)\s?[\w.*+!]{{1,60}}){{0,9}}\s?\)?"
)
_CONDA = re.compile(
    rf"{_NAME}=(?:\d{{1,6}}(?:\.\w{{1,20}}){{2,6}}(?:=[\w.*-]{{1,60}})?|{_VERSION}=(?!\*)[\w.-]{{1,60}})"
)
_COMMIT = re.compile(rf"(?:{_NAME}\s?@\s?)?\S{{1,400}}@[0-9a-f]{{40}}(?:#\S{{0,200}})?")
_HASHED = re.compile(r"(?:#|[#&]|--hash=)sha(?:256|384|512)[=:][0-9a-f]{64,128}\b")
_WHEEL = re.compile(
    rf"(?:{_NAME}\s?@\s?)?https?://\S{{1,300}}/[\w.]{{1,100}}-\d[\w.+%!]{{0,60}}-[\w.-]{{1,100}}\.whl"
)
# The project itself, in a requirements file of its own.
_OWN = re.compile(r"(?:-e\s|--editable\s)?\s{0,9}(?:\.{1,2}(?:/\S*)?|file:\S+)(?:\[[\w,\s-]{0,100}\])?")
_FROM = re.compile(
    r"^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*(\S+)(?:[ \t]+AS[ \t]+(\S+))?", re.IGNORECASE | re.MULTILINE
)


def is_lock(document: Document) -> bool:
    """Tell whether it is a lock file with content, which pins every version by its nature."""
    named = document.path.rsplit("/", 1)[-1].lower() in _LOCKS
    return named and bool(re.search(r"^\s{0,20}[^\s#]", document.text, re.MULTILINE))


def requirements(document: Document) -> tuple[str, ...]:
    """Return the requirements of a requirements.txt, a conda environment or a pyproject.toml."""
    if document.path.endswith((".yml", ".yaml")):
        listed = [line.strip() for line in document.text.splitlines() if line.strip().startswith("- ")]
        return tuple(name for line in listed if (name := line[2:].strip()) and not _is_channel(name))
    if document.path.endswith(".toml"):
        return _project_dependencies(document.text)
    lines = re.sub(r"\\[ \t]{0,9}\n", " ", document.text).splitlines()
    stated = (line.split(" #")[0].strip().removeprefix("- ") for line in lines)
    return tuple(
        line for line in stated if line and not line.startswith(_OPTIONS) and not _OWN.fullmatch(line)
    )


def pinned(requirement: str) -> bool:
    """Tell whether a requirement names one exact version, a commit or a hash.

    A range is no pin: ``torch==2.*``, ``torch~=2.1``; nor is a branch or tag of a repository, which can move,
    or conda's ``python=3.11``, which takes any 3.11.

    >>> pinned("torch==2.1.0"), pinned("torch==2.*")
    (True, False)
    """
    stated = requirement.split("#", maxsplit=1)[0] if "://" not in requirement else requirement
    bare = (
        re.split(r"\s;|;\s|\s--", stated[:2000])[0]
        .strip()
        .removeprefix("-e ")
        .strip()
        .rstrip(";")
        .strip("\"'")
    )
    if _HASHED.search(requirement):
        return True
    exact = (_RELEASE, _CONDA, _COMMIT, _WHEEL)
    return any(form.fullmatch(bare.split(";")[0].strip()) for form in exact)


def floating(requirement: str) -> bool:
    """Tell whether a requirement follows a branch of a repository."""
    return bool(re.search(r"git\+|\.git\b", requirement)) and not pinned(requirement)


def base_images(document: Document) -> tuple[str, ...]:
    """Return the base images of a Dockerfile, without its own earlier stages."""
    found = [(match[1], match[2]) for match in _FROM.finditer(document.text)]
    stages = {stage for _, stage in found if stage}
    return tuple(image for image, _ in found if image not in stages and image != "scratch")


def _project_dependencies(text: str) -> tuple[str, ...]:
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return ()
    listed = _table(content, "project").get("dependencies", [])
    stated = [line for line in listed if isinstance(line, str)] if isinstance(listed, list) else []
    poetry = _table(content, "tool", "poetry", "dependencies")
    return (*stated, *(_of_poetry(name, value) for name, value in poetry.items() if name != "python"))


def _table(content: object, *names: str) -> dict[str, object]:
    for name in names:
        content = content.get(name) if isinstance(content, dict) else None
    return content if isinstance(content, dict) else {}


def _of_poetry(name: str, value: object) -> str:
    """Return a requirement of Poetry's own table: a bare number is one exact version."""
    stated = value.get("version", "") if isinstance(value, dict) else value
    exact = isinstance(stated, str) and re.fullmatch(rf"(?:==)?{_VERSION}", stated.strip())
    return (
        f"{name}=={stated.strip().removeprefix('==')}"
        if exact and isinstance(stated, str)
        else f"{name} ({stated})"
    )


def _is_channel(name: str) -> bool:
    return name in {"conda-forge", "defaults", "pytorch", "nvidia", "bioconda", "pip:"} or name.endswith(":")
