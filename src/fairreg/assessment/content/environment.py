# SPDX-License-Identifier: MIT
"""Readers of files that describe a software environment: requirements, lock files, Dockerfiles."""

import re
import tomllib
from collections.abc import Iterator

from fairreg.assessment.evidence import Document

__all__ = ["base_images", "floating", "is_lock", "pinned", "pulled_images", "requirements"]

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
_FROM = re.compile(r"\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE)
_ARG = re.compile(r"\s*ARG\s+(\w+)=[\"']?([^\s\"']+)", re.IGNORECASE)
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))")
_HERE = re.compile(r"\s*(?:RUN|COPY|ADD)\b.*<<-?\s?[\"']?(\w+)", re.IGNORECASE)
_PULL = re.compile(
    r"\b(docker|podman|nerdctl|apptainer|singularity|enroot)\s+(?:image\s+|container\s+)?"
    r"(?:pull|run|exec|shell|import)\s+(.*)"
)
# Options without a value of their own.
_SWITCH = re.compile(
    r"-[itdq]{1,4}|-[pvewulhm]\S+|--(?:rm|init|interactive|tty|detach|privileged|nv|rocm|read-only|no-home|quiet|cleanenv|contain"
    r"|containall|writable|writable-tmpfs|fakeroot|force|disable-cache)|.*=.*"
)
_IMAGE = re.compile(
    r"(?:[a-z]+://)?[a-z0-9][\w.-]*(?::\d+)?(?:/[\w.-]+)*(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?"
)
_LOCAL = re.compile(r".*\.(?:sif|img|simg|sqsh|def)")


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
    """Return the base images of a Dockerfile with the defaults of ARG, without its own earlier stages."""
    found: list[str] = []
    stages, values = {"scratch"}, dict[str, str]()
    for line in _instructions(document.text):
        if match := _FROM.match(line):
            image = _VARIABLE.sub(lambda hit: values.get(hit[1] or hit[3], hit[2] or hit[0]), match[1])
            found += [image] if image.lower() not in stages else []
            stages.add((match[2] or "").lower())
        elif (match := _ARG.match(line)) and not found:
            values[match[1]] = match[2]
    return tuple(found)


def _instructions(text: str) -> Iterator[str]:
    """Yield the instructions of a Dockerfile, each on one line, without the documents that they embed."""
    end = None
    for line in re.sub(r"\\[ \t]*\n", " ", text).splitlines():
        if end is None:
            yield line
            here = _HERE.match(line)
            end = here[1] if here else None
        elif line.strip() == end:
            end = None


def pulled_images(command: str) -> tuple[str, ...]:
    """Return the images that the lines of a command pull or run, with the tag or digest as stated.

    >>> pulled_images("docker run --gpus all -v /a:/b org/tagger:1 predict")
    ('org/tagger:1',)
    """
    found = (_image_of(hit[1], hit[2].split()) for hit in _PULL.finditer(command))
    return tuple(image for image in found if image)


def _image_of(program: str, words: list[str]) -> str | None:
    """Return the first word of a command that is no option, no value of one and no local file."""
    remote = next((word for word in words if "://" in word and not word.startswith(("-", "http"))), None)
    takes_values = program in {"docker", "podman", "nerdctl"}
    skip = False
    for word in [remote] if remote else words:
        if skip or word.startswith("-"):
            skip = not skip and takes_values and not _SWITCH.fullmatch(word)
        elif not _LOCAL.fullmatch(word):
            named = re.search(r"[/:@]", word) and _IMAGE.fullmatch(word)
            return word if named else None
    return None


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
