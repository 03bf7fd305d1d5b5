# SPDX-License-Identifier: MIT
"""Print the transcripts of README.md, "What it looks like", or write them into it.

    python scripts/readme_transcript.py [--write] [--published FOLDER]

The commands run in a data folder of their own against a local server that takes the place of Zenodo, DataCite
and doi.org. It serves the published weights, which lie in FOLDER (default: ../shared/published/... beside the
checkout), in an archive that lacks the published README, code and documentation. Needs the extra `test`.
"""

import argparse
import io
import logging
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PUBLISHED = ROOT.parent / "shared" / "published" / "hbb_interaction_network-v0.1.1"
DOI = "10.5281/zenodo.7305227"
SHOWN_HOME = "~/.local/share/fairreg"
RUN = "import sys; from fairreg.cli.app import main; sys.argv[0] = 'fairreg'; main()"
COMMANDS = (("search", "Hbb tagger", "--limit", "3"), ("fetch", DOI, "--run"), ("assess", DOI))
# Said only because a local server takes the place of the service.
_LOCAL = re.compile(r"Requests for .+ go to http://localhost:\d+/\w+\.")
# Indicators of the scorecard that the README shows.
SHOWN_INDICATORS = ("F1-1", "F1-4")
_BLOCK = re.compile(r"^```console\n(\$ fairreg (\w+) .*?)^```\n", re.MULTILINE | re.DOTALL)


class Varying(NamedTuple):
    """Text that differs between days and machines, and what takes its place in comparisons."""

    what: str
    pattern: str
    placeholder: str


VARYING = (
    Varying("time of the assessment", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", "TIME"),
    Varying("speed of the machine", r"[\d,]+ items/s", "N items/s"),
    Varying("digest of the archive, for zlib differs", r"\b(?:[0-9a-f]{2}/)?[0-9a-f]{8}\.\.\.", "DIGEST"),
    Varying("digest of the archive that its host states", r"md5:[0-9a-f]{32}", "md5:DIGEST"),
    Varying("size of the archive", r"\(\d+(?:\.\d)? [kM]B\)", "(SIZE)"),
    Varying("last digits, which depend on the processor", r"(?<=  0\.\d\d)\d+\b", ""),
)


def normalised(text: str) -> str:
    """Return a transcript with a placeholder for all that `VARYING` lists."""
    for item in VARYING:
        text = re.sub(item.pattern, item.placeholder, text)
    return text


def blocks(document: str) -> dict[str, str]:
    """Return the transcripts in a Markdown document by the command's name."""
    return {match[2]: match[1] for match in _BLOCK.finditer(document)}


def members_of(published: Path) -> dict[str, bytes]:
    """Return the published weights, metadata, licence and CITATION.cff by their paths in the archive."""
    files = sorted(path for path in published.rglob("*") if path.is_file())
    return {path.relative_to(published).as_posix(): path.read_bytes() for path in files}


def transcripts(members: Mapping[str, bytes]) -> dict[str, str]:
    """Return what the commands print, by command, where `members` are in the archive of the record."""
    with tempfile.TemporaryDirectory() as folder, _served(members) as addresses:
        home = Path(folder).resolve() / "home"
        variables = {name: value for name, value in os.environ.items() if not name.startswith("FAIRREG_")}
        variables |= addresses
        variables |= {"FAIRREG_HOME": str(home), "COLUMNS": "132", "PYTHONUNBUFFERED": "1"}
        # The first search would tell of the registry that it creates.
        _run(variables, "db", "init")
        return {words[0]: _edited(words, _run(variables, *words), home) for words in COMMANDS}


def _run(variables: Mapping[str, str], *words: str) -> str:
    command = [sys.executable, "-c", RUN, *words]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(variables), check=True
    )
    return done.stdout


def _edited(words: tuple[str, ...], printed: str, home: Path) -> str:
    """Return a transcript as the README shows it: short digests in paths, and a part of the scorecard."""
    shown = " ".join(f'"{word}"' if " " in word else word for word in words)
    printed = printed.replace(str(home), SHOWN_HOME)
    printed = re.sub(r"(?<=/)([0-9a-f]{8})[0-9a-f]{56}", r"\1...", printed)
    lines = [line.rstrip() for line in printed.splitlines() if not _LOCAL.fullmatch(line)]
    if words[0] == "assess":
        lines = list(_part_of_scorecard(lines))
    return "\n".join([f"$ fairreg {shown}", *lines]) + "\n"


def _part_of_scorecard(lines: list[str]) -> Iterator[str]:
    """Yield the head of a scorecard and the rows of `SHOWN_INDICATORS`, with dots for what is left out."""
    shown = True
    for line in lines:
        row = re.match(r"\S +([FAIR]\d(?:\.\d)?-\d+) ", line)
        if row or re.match(r" +[FAIR]\d(?:\.\d)? +[#.]", line):
            before, shown = shown, bool(row and row[1] in SHOWN_INDICATORS) or (not row and " F1 " in line)
            if before and not shown:
                yield "..."
        if shown:
            yield line


@contextmanager
def _served(members: Mapping[str, bytes]) -> Iterator[dict[str, str]]:
    """Serve the record while the block runs, and give the variables that lead fairreg to it."""
    sys.path.insert(0, str(ROOT / "tests"))
    hbb = import_module("support.hbb")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = import_module("pytest_httpserver").HTTPServer()
    server.start()
    try:
        hbb.serve(server, _archive(hbb.TOP, members))
        services = {"ZENODO": "zenodo", "DATACITE": "datacite", "DOI": "doi"}
        yield {f"FAIRREG_{name}_URL": server.url_for(f"/{path}") for name, path in services.items()}
    finally:
        server.stop()


def _archive(top: str, members: Mapping[str, bytes]) -> bytes:
    """Return a zip archive whose bytes depend on the members only."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(top + name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def written(document: str, found: Mapping[str, str]) -> str:
    """Return the document with the transcripts in the place of those that it has.

    A line that differs only in what `VARYING` lists stays, so that no change of a day or machine is a change.
    """
    before = {normalised(line): line for text in blocks(document).values() for line in text.splitlines()}
    kept = {
        name: "".join(f"{before.get(normalised(line), line)}\n" for line in text.splitlines())
        for name, text in found.items()
    }
    return _BLOCK.sub(lambda match: f"```console\n{kept[match[2]]}```\n", document)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the transcripts of README.md.")
    parser.add_argument("--write", action="store_true", help="write them into README.md instead of printing")
    parser.add_argument("--published", type=Path, default=PUBLISHED, metavar="FOLDER", help="published files")
    options = parser.parse_args()
    if not options.published.is_dir():
        sys.exit(f"There are no published files in {options.published}; name their folder with --published.")
    found = transcripts(members_of(options.published))
    if options.write:
        README.write_text(written(README.read_text(encoding="utf-8"), found), encoding="utf-8")
    else:
        print("\n".join(found.values()), end="")


if __name__ == "__main__":
    main()
