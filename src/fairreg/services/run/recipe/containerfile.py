# SPDX-License-Identifier: MIT
"""The recipe as a Containerfile, with the commands that use it as comments.

Every text of others that it holds is on one line, printable, and quoted for the place where it stands: names
in COPY in JSON's form, addresses and commits only of the form that `facts` admits.
"""

import json
import shlex
from collections.abc import Iterator
from pathlib import PurePosixPath

from fairreg.schemas.text import one_line
from fairreg.services.run.recipe.facts import RecipeFacts

__all__ = ["containerfile"]

_PYTHON = "3.11"
_CONDA_IMAGE = "docker.io/mambaorg/micromamba:2-debian12"


def containerfile(facts: RecipeFacts, pid: str) -> str:
    """Return the text of the recipe for `pid`, the identifier that the user gave."""
    return "".join(f"{line}\n" for line in (*_head(facts, pid), *_build(facts), *_tail(facts)))


def _head(facts: RecipeFacts, pid: str) -> Iterator[str]:
    # First a comment of no other's words: a builder takes `# syntax=...` at the top for an instruction.
    yield "# Written by fairreg, which has run none of this. Read it, and the code, before you build it."
    yield f"# How to run this model with its authors' code: {_plain(facts.name)} ({_plain(facts.record)})"
    yield "#"
    yield "#   mkdir model && cd model                # with this file in it, named Containerfile"
    yield f"#   fairreg fetch {_plain(shlex.quote(pid))} --output files"
    yield "#   podman build --tag model .             # docker takes the same arguments"
    yield "#   podman run --rm -it --network none model"
    yield "#"
    yield from (
        f"# Weights: {_plain(item.name)} ({_plain(item.words)}), sha256:{item.sha256}"
        for item in facts.weights
    )
    yield from (f"# The authors' own container: {_plain(name)}" for name in facts.containers)
    yield from (f"# Not found: {_plain(text)}" for text in facts.missing)
    yield ""


def _build(facts: RecipeFacts) -> Iterator[str]:
    conda = _conda(facts)
    if conda is not None:
        yield f"FROM {_CONDA_IMAGE}"
        yield "USER root"
    else:
        if facts.python is None:
            yield f"# No version of Python is stated; {_PYTHON} is an assumption."
        yield f"FROM docker.io/library/python:{facts.python or _PYTHON}-slim"
    yield "RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates git unzip \\"
    yield "    && rm -rf /var/lib/apt/lists/*"
    yield "WORKDIR /model"
    yield f"COPY {json.dumps(['files', 'files/'])}"
    yield from _code(facts)
    yield from _environment(facts, conda)


def _code(facts: RecipeFacts) -> Iterator[str]:
    code = facts.code
    for name in code.archives:
        yield f"RUN {_unpack(facts, name)}"
    if code.repository is not None and not code.archives:
        yield f"RUN git clone {shlex.quote(code.repository)} code"
        if code.commit is not None:
            yield f"RUN git -C code checkout {code.commit}"


def _unpack(facts: RecipeFacts, name: str) -> str:
    path = shlex.quote(f"files/{facts.copies[one_line(name)]}")
    program = f"unzip -q {path} -d code" if name.lower().endswith(".zip") else f"tar -xf {path} -C code"
    return f"mkdir -p code && {program}"


def _environment(facts: RecipeFacts, conda: str | None) -> Iterator[str]:
    if conda is not None:
        yield f"RUN micromamba install --yes --name base --file {_place(facts, conda)}"
        yield from (
            f"# Not used by this recipe: {_plain(name)}" for name in facts.environments if name != conda
        )
        return
    for name in facts.environments:
        base = PurePosixPath(name).name.lower()
        if base.endswith(".txt"):
            yield f"RUN pip install --no-cache-dir --requirement {_place(facts, name)}"
        elif base == "pyproject.toml":
            folder = shlex.quote(str(PurePosixPath("code") / PurePosixPath(name).parent))
            yield f"RUN pip install --no-cache-dir {folder}"
        else:
            yield f"# Not used by this recipe: {_plain(name)}"
    if not facts.environments:
        yield "# No requirements were found: install here what the code imports."


def _place(facts: RecipeFacts, name: str) -> str:
    """Path of a file of the record in the image: in the unpacked code, else among the fetched files."""
    place = f"files/{facts.copies[one_line(name)]}" if name in facts.loose else f"code/{_plain(name)}"
    return shlex.quote(place)


def _conda(facts: RecipeFacts) -> str | None:
    """The conda environment that stands highest in the folders."""
    found = [name for name in facts.environments if name.endswith((".yml", ".yaml"))]
    return min(found, key=lambda name: (name.count("/"), name), default=None)


def _tail(facts: RecipeFacts) -> Iterator[str]:
    yield ""
    if facts.commands:
        yield "# Commands that the authors document, as they wrote them:"
    yield from (f"#   {_plain(line)}    ({_plain(file)})" for file, line in facts.commands)
    yield f"CMD {json.dumps(['bash'])}"


def _plain(text: str) -> str:
    """One printable line: the text can end no comment and no instruction."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
