# SPDX-License-Identifier: MIT
"""The recipe as a Containerfile, with the commands that use it as comments.

Every text of others that it holds is on one line, printable, and quoted for the place where it stands: names
in COPY in JSON's form, addresses and commits only of the form that `facts` admits.
"""

import json
import shlex
import tarfile
from collections.abc import Iterator
from pathlib import PurePosixPath

from fairreg.services.fetch.download import Downloaded
from fairreg.services.run.recipe.facts import EnvironmentFile, RecipeFacts

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
    programs = "ca-certificates git unzip bzip2 xz-utils"
    yield f"RUN apt-get update && apt-get install --yes --no-install-recommends {programs} \\"
    yield "    && rm -rf /var/lib/apt/lists/*"
    yield "WORKDIR /model"
    yield f"COPY {json.dumps(['files', 'files/'])}"
    yield from _code(facts)
    yield from _environment(facts, conda)


def _code(facts: RecipeFacts) -> Iterator[str]:
    for item, folder in _folders(facts).items():
        yield f"RUN {_unpack(item, _copy(facts, item), folder)}"
    code = facts.code
    if _is_cloned(facts):
        yield f"RUN git clone {shlex.quote(code.repository or '')} code"
        if code.commit is not None:
            yield f"RUN git -C code checkout {code.commit}"


def _is_cloned(facts: RecipeFacts) -> bool:
    return facts.code.repository is not None and not facts.code.archives


def _folders(facts: RecipeFacts) -> dict[Downloaded, str]:
    """A folder of its own for each archive: two may have files of one name."""
    if len(facts.unpacked) == 1 and not _is_cloned(facts):
        return {facts.unpacked[0]: "code"}
    return {item: f"code-{number}" for number, item in enumerate(facts.unpacked, start=1)}


def _unpack(item: Downloaded, copy: str, folder: str) -> str:
    # An archive may have two members of one name, about which unzip would ask without -o.
    is_zip = not tarfile.is_tarfile(item.file.path)
    program = f"unzip -q -o {copy} -d {folder}" if is_zip else f"tar -xf {copy} -C {folder}"
    return f"mkdir -p {folder} && {program}"


def _copy(facts: RecipeFacts, item: Downloaded) -> str:
    return shlex.quote(f"files/{facts.copies[item.distribution]}")


def _environment(facts: RecipeFacts, conda: EnvironmentFile | None) -> Iterator[str]:
    if conda is not None:
        yield f"RUN micromamba install --yes --name base --file {shlex.quote(str(_place(facts, conda)))}"
    for item in facts.environments:
        place, base = _place(facts, item), PurePosixPath(item.name).name.lower()
        if item == conda:
            continue
        if conda is not None or place is None or not (base.endswith(".txt") or base == "pyproject.toml"):
            yield f"# Not used by this recipe: {_plain(item.name)}"
        elif base.endswith(".txt"):
            yield f"RUN pip install --no-cache-dir --requirement {shlex.quote(str(place))}"
        else:
            yield f"RUN pip install --no-cache-dir {shlex.quote(str(place.parent))}"
    if not facts.environments:
        yield "# No requirements were found: install here what the code imports."


def _place(facts: RecipeFacts, item: EnvironmentFile) -> PurePosixPath | None:
    """Path of the file in the image; None where its name there is not known or cannot be written."""
    if item.renamed or not item.name.isprintable():
        return None
    if item.packed:
        return PurePosixPath(_folders(facts)[item.download]) / item.name
    if item.cloned and _is_cloned(facts):
        return PurePosixPath("code") / item.name
    return PurePosixPath("files") / facts.copies[item.download.distribution]


def _conda(facts: RecipeFacts) -> EnvironmentFile | None:
    """The conda environment that stands highest in the folders."""
    found = [item for item in facts.environments if item.name.endswith((".yml", ".yaml"))]
    usable = [item for item in found if _place(facts, item) is not None]
    return min(usable, key=lambda item: (item.name.count("/"), item.name), default=None)


def _tail(facts: RecipeFacts) -> Iterator[str]:
    yield ""
    if facts.commands:
        yield "# Commands that the authors document, as they wrote them:"
    yield from (f"#   {_plain(line)}    ({_plain(file)})" for file, line in facts.commands)
    yield f"CMD {json.dumps(['bash'])}"


def _plain(text: str) -> str:
    """One printable line: the text can end no comment and no instruction."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
