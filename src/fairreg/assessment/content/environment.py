# SPDX-License-Identifier: MIT
"""Readers of files that describe a software environment: requirements, lock files, Dockerfiles."""

import posixpath
import re
import tomllib
from collections.abc import Iterator

import msgspec

from fairreg.assessment.content.documents import parsed
from fairreg.assessment.evidence import Document

__all__ = [
    "base_images",
    "floating",
    "included",
    "is_lock",
    "is_project",
    "package_of",
    "pinned",
    "pulled_images",
    "requirements",
]

# Lock files by their names, with what each locked package is written as; a long one is cut, so not parsed.
_TABLES = re.compile(r"^\s{0,9}\[\[packages?\]\]", re.MULTILINE)
_EXPLICIT = re.compile(r"^https?://\S{1,500}\.(?:conda|tar\.bz2)(?:#\S{0,200})?[ \t]*$", re.MULTILINE)
_LOCKS = {
    **dict.fromkeys(("poetry.lock", "uv.lock", "pdm.lock", "pylock.toml"), _TABLES),
    "pipfile.lock": re.compile(r"\"version\"\s{0,9}:\s{0,9}\"==|\"ref\"\s{0,9}:\s{0,9}\"[0-9a-f]{40}\""),
    "pixi.lock": re.compile(r"^\s{0,20}-\s(?:conda|pypi|kind|name|url):", re.MULTILINE),
    **dict.fromkeys(
        ("conda-lock.yml", "conda-lock.yaml"), re.compile(r"^\s{0,20}(?:-\s)?(?:name|url):", re.MULTILINE)
    ),
}
_CONDA_LOCK = re.compile(r"conda-[\w.-]{1,60}\.lock|conda-(?:linux|osx|win)[\w.-]{0,40}\.txt", re.IGNORECASE)
_INCLUDED = re.compile(r"[ \t]{0,9}(?:-r[ \t=]{0,9}|--requirement[ \t=]{1,9})(\S{1,300})")
_PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")
_INSTALLED = re.compile(r"\binstall_requires\s{0,9}=\s{0,9}\[((?:[^\[\]]|\[[^\[\]]{0,100}\]){0,5000})\]")
_QUOTED = re.compile(r"\"([^\"\n]{1,200})\"|'([^'\n]{1,200})'")
_OF_A_LIST = re.compile(
    r"^install_requires[ \t]{0,9}=[ \t]{0,9}([^\n]{0,300}(?:\n[ \t]+[^\n]{0,300}){0,500})", re.M
)
_PACKAGE = re.compile(r"[A-Za-z0-9][\w.-]{0,100}")
# A name, and behind it nothing or what limits it: a version, extras, an address, a marker, options.
_STATED = re.compile(r"(?:-e\s|--editable\s)?\s{0,9}\S{1,400}(?=\s{0,9}(?:$|[=<>!~@;\[(,#*\d^&-]))")
_WORDS = re.compile(r"\W*(?:todo|tbd|fixme|xxx|none|n/?a|see|empty|unknown)\b.{0,400}", re.IGNORECASE)
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
    rf"{_NAME}[= ](?:\d{{1,6}}(?:\.(?!x\b)\w{{1,20}}){{2,6}}(?:=[\w.*-]{{1,60}})?"
    rf"|{_VERSION}=(?!\*)[\w.-]{{1,60}})"
)
_COMMIT = re.compile(rf"(?:{_NAME}\s?@\s?)?\S{{1,400}}@[0-9a-f]{{40}}(?:#\S{{0,200}})?")
_ARCHIVE = re.compile(rf"(?:{_NAME}\s?@\s?)?https?://\S{{1,300}}/[0-9a-f]{{40}}\.(?:zip|tar\.gz)")
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
    """Tell whether it is a lock file with at least one package, which pins every version by its nature."""
    name = document.path.rsplit("/", 1)[-1].lower()
    content = _EXPLICIT if _CONDA_LOCK.fullmatch(name) else _LOCKS.get(name)
    return content is not None and bool(content.search(document.text))


def is_project(document: Document) -> bool:
    """Tell whether it describes a package, whose requirements are ranges that another file may pin."""
    return document.path.endswith(_PROJECT_FILES)


def requirements(document: Document) -> tuple[str, ...]:
    """Return the requirements of a requirements.txt, a conda environment, a pyproject.toml or a setup file.

    The installer itself, pip, is none.
    """
    name = document.path.rsplit("/", 1)[-1].lower()
    if name in _LOCKS or _CONDA_LOCK.fullmatch(name):
        return ()
    return tuple(item for item in _lines(name, document) if _is_requirement(item))


def _lines(name: str, document: Document) -> tuple[str, ...]:
    """Return what a file named `name` lists: requirements, options of pip, and words that are neither."""
    text = document.text.removeprefix("\ufeff")
    if name.endswith((".yml", ".yaml")):
        return tuple(_of_conda(parsed(msgspec.structs.replace(document, text=text))))
    if name.endswith(".toml") or name == "pipfile":
        return tuple(_of_tables(text))
    if name in _PROJECT_FILES:
        return tuple(_of_setup(text))
    lines = re.sub(r"\\[ \t]{0,9}\n", " ", text).splitlines()
    return tuple(line.split(" #")[0].strip().removeprefix("- ") for line in lines)


def included(document: Document) -> tuple[str, ...]:
    """Return the paths of the requirement files that a list for pip includes (``-r other.txt``)."""
    name = document.path.rsplit("/", 1)[-1].lower()
    if not name.endswith((".txt", ".lock", ".in", ".yml", ".yaml")) or name in _LOCKS:
        return ()
    folder = document.path.rpartition("/")[0]
    found = (_INCLUDED.match(line) for line in _lines(name, document))
    return tuple(posixpath.normpath(posixpath.join(folder, hit[1])) for hit in found if hit)


def package_of(requirement: str) -> str:
    """Return the name of the required package in normal form, empty without one."""
    found = _PACKAGE.match(requirement.rpartition("::")[2])
    return re.sub(r"[._-]+", "-", found[0]).lower() if found else ""


def _is_requirement(item: str) -> bool:
    """Tell whether it names a package: no words for people ("see README"), no option, not the project."""
    if item.startswith(_OPTIONS) or _OWN.fullmatch(item) or package_of(item) == "pip":
        return False
    return _STATED.match(item) is not None and not _WORDS.fullmatch(item)


def _of_conda(content: object) -> Iterator[str]:
    listed = content.get("dependencies") if isinstance(content, dict) else None
    for item in listed if isinstance(listed, list) else []:
        if isinstance(item, str):
            yield item.strip()
        elif isinstance(item, dict) and isinstance(item.get("pip"), list):
            yield from (str(line).strip() for line in item["pip"])


def _of_setup(text: str) -> Iterator[str]:
    """Yield ``install_requires`` as written in a setup.py or setup.cfg; nothing is run."""
    for listed in _INSTALLED.findall(text):
        yield from ((one or other).strip() for one, other in _QUOTED.findall(listed))
    for listed in _OF_A_LIST.findall(text) if "[options]" in text else ():
        yield from (line.strip() for line in listed.splitlines())


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
    exact = (_RELEASE, _CONDA, _COMMIT, _WHEEL, _ARCHIVE)
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


def _of_tables(text: str) -> Iterator[str]:
    """Yield the requirements of a pyproject.toml, pixi.toml or Pipfile."""
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    listed = _table(content, "project").get("dependencies", [])
    yield from (line for line in listed if isinstance(line, str)) if isinstance(listed, list) else ()
    for name, value in _table(content, "tool", "poetry", "dependencies").items():
        yield from _of_entry(name, value, bare=True)
    for place in (content, _table(content, "tool", "pixi")):
        for table in _PIXI_TABLES:
            for name, value in _table(place, table).items():
                yield from _of_entry(name, value, bare=False)


# Of pixi and of a Pipfile, where a bare number is not exact.
_PIXI_TABLES = ("dependencies", "pypi-dependencies", "packages")


def _table(content: object, *names: str) -> dict[str, object]:
    for name in names:
        content = content.get(name) if isinstance(content, dict) else None
    return content if isinstance(content, dict) else {}


def _of_entry(name: str, value: object, *, bare: bool) -> Iterator[str]:
    """Yield one requirement of a table; `bare`: a number alone is one exact version, as in Poetry."""
    if name == "python":
        return
    for item in value if isinstance(value, list) else [value]:
        yield _of_value(name, item, bare=bare)


def _of_value(name: str, value: object, *, bare: bool) -> str:
    told = value if isinstance(value, dict) else {"version": value}
    if isinstance(told.get("git"), str) and (revision := told.get("rev") or told.get("ref")):
        return f"{name} @ git+{told['git']}@{revision}"
    if isinstance(told.get("url"), str):
        return f"{name} @ {told['url']}"
    stated = str(told.get("version", "")).strip()
    exact = re.fullmatch(rf"(?:={{2,3}}\s?){'?' if bare else ''}({_VERSION})", stated)
    return f"{name}=={exact[1]}" if exact else f"{name} ({stated})"
