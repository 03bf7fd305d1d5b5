# SPDX-License-Identifier: MIT
"""Count how far the package keeps the rules of its own house, and name the places that break one.

    python scripts/house_counts.py [PACKAGE] [--check] [--json]

Four rules with a limit: modules directly in a folder (15; of the rooms that hold one file per plugin only the
shared modules count), docstrings that open with a relative clause (under 2 %), public class names that are
defined twice (0), and service names or hosts outside the rooms that own them (0; `EXEMPT` lists what is free,
with the reason). Lengths of functions and modules are printed beside them, without a limit.

PACKAGE is the package's folder (default: src/fairreg beside this file). `--check` prints only the places that
break a rule and exits with 1 where there is one; `--json` prints one document.
"""

import argparse
import ast
import json
import re
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

PACKAGE = Path(__file__).parents[1] / "src" / "fairreg"
MODULES_PER_FOLDER = 15
RELATIVE_SHARE = 0.02
LONG_FUNCTION = 60
LONG_MODULE = 400

# Rooms that hold one file per plugin -> the name that only a plugin defines there ("@": a decorator).
PLUGIN_ROOMS: Mapping[str, str] = {
    "assessment/datasets": "@indicator",
    "assessment/indicators": "@indicator",
    "assessment/remedies": "NAME",
    "formats": "NAME",
    "harvesters": "HARVESTER",
    "migrations/versions": "revision",
    "publish": "NAME",
    "runners": "RUNTIME",
}
# "The one that ..." is as much a clause as "What ..."; "The rule in words" is a noun phrase.
RELATIVE = re.compile(
    r"(?:what|whether|which|where|when|who|whom|whose|how|why|those)(?:ever)?\b"
    r"|(?:(?:the|an|a|all|any|every|each|only)\s+)*(?:ones?|things?|everything|anything|all)"
    r"\s+(?:that|which|who|whose)\b",
    re.IGNORECASE,
)


class Exempt(NamedTuple):
    """Text that may stand below `where` for `reason`; an empty `text` stands for every service."""

    where: str
    text: str
    reason: str
    kinds: frozenset[str] = frozenset()  # empty: every kind of place


EXEMPT = (
    Exempt("sources.py", "", "holds the rows"),
    Exempt("harvesters/", "", "a harvester is about one service"),
    Exempt("formats/", "", "a format says how the services that made it spell things"),
    Exempt("publish/", "", "a publisher is about one archive"),
    Exempt("migrations/", "", "history: a migration keeps the words of its release"),
    Exempt("services/fetch/zenodo_get.py", "", "adapter of a program that downloads from Zenodo alone"),
    Exempt(
        "assessment/",
        "datacite",
        "kind of evidence in the JSON of a report, not a choice among sources",
        frozenset({"argument", "table value", "collection", "constant"}),
    ),
    Exempt(
        "services/assess/", "datacite", "the same kind of evidence", frozenset({"argument", "table value"})
    ),
    Exempt("assessment/indicators/a1_1.py", "globus", "scheme of a transfer protocol in URLs"),
    Exempt("assessment/indicators/a1_2.py", "globus", "scheme of a transfer protocol in URLs"),
    Exempt("assessment/indicators/r3.py", "bioimageio", "stem of a file of the BioImage.IO specification"),
    Exempt("services/run/vectors/bioimage.py", "bioimageio", "key of the BioImage.IO specification"),
    Exempt("schemas/contexts/", "doi.org", "name of the CodeMeta vocabulary, never requested"),
)


class Place(NamedTuple):
    """A place in the package that breaks a rule."""

    file: str
    line: int
    found: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.found}"


@dataclass(frozen=True)
class Services:
    """Words that only the rooms of the services may hold: names (also of identifier schemes) and hosts."""

    names: frozenset[str]
    hosts: frozenset[str]

    @classmethod
    def of_package(cls) -> "Services":
        """Names and hosts of the services that fairreg knows: of the rows of `fairreg.sources`.

        Standards of identification are left out, which are metadata fields before they are services: DOI
        (ISO 26324), ORCID and arXiv numbers. The hosts of their resolvers count.
        """
        from fairreg import harvesters, sources

        rows = sources.all_sources()
        standards = {scheme.name for scheme in sources.schemes() if scheme.names in {"person", "paper"}}
        names = {row.name for row in rows} | set(harvesters.names())
        hosts = frozenset().union(*(row.hosts for row in rows))
        return cls(frozenset(names - standards - {sources.DOI.name, sources.CURATED.name}), hosts)

    @cached_property
    def _host(self) -> re.Pattern[str]:
        longest_first = sorted(self.hosts, key=lambda host: (-len(host), host))
        return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])(?!\.\w)")

    def word_in(self, text: str, kind: str) -> str | None:
        """Return the service name that `text` is, or the host that it contains; prose may name hosts."""
        if text.removesuffix(":") in self.names:
            return text.removesuffix(":")
        prose = re.search(r"\s", text) and kind not in {"comparison", "table key", "lookup", "case"}
        host = None if prose or not self.hosts else self._host.search(text.replace("\\", ""))
        return host[0] if host else None


class Module(NamedTuple):
    """A parsed module of the package; `file` is relative to the package."""

    file: str
    lines: int
    tree: ast.Module

    @property
    def folder(self) -> str:
        """Folder below the package, empty for the package itself."""
        return self.file.rpartition("/")[0]


def parsed(package: Path) -> tuple[Module, ...]:
    """Parse every module below `package`, sorted by path."""
    return tuple(
        Module(path.relative_to(package).as_posix(), text.count("\n"), ast.parse(text))
        for path in sorted(package.rglob("*.py"))
        for text in [path.read_text(encoding="utf-8")]
    )


def folder_sizes(modules: tuple[Module, ...]) -> dict[str, int]:
    """Number of modules directly in each folder, without ``__init__`` and without plugins."""
    sizes: dict[str, int] = defaultdict(int)
    for module in modules:
        marker = PLUGIN_ROOMS.get(module.folder)
        if not module.file.endswith("__init__.py") and not (marker and marker in _defined(module.tree)):
            sizes[module.folder] += 1
    return dict(sizes)


def _defined(tree: ast.Module) -> set[str]:
    found = set()
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.FunctionDef):
            found |= {
                f"@{part.id}"
                for decorator in node.decorator_list
                for part in ast.walk(decorator)
                if isinstance(part, ast.Name)
            }
    return found


def docstrings(modules: tuple[Module, ...]) -> Iterator[Place]:
    """Yield every docstring of modules, classes and functions by its first line."""
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                text = ast.get_docstring(node)
                if text:
                    yield Place(module.file, node.body[0].lineno, text.splitlines()[0])


def is_relative(docstring: str) -> bool:
    """Tell whether a docstring opens with a relative clause instead of a verb or a noun phrase."""
    return RELATIVE.match(docstring) is not None


def repeated_classes(modules: tuple[Module, ...]) -> Iterator[Place]:
    """Yield each definition of a public class name that the package defines more than once."""
    defined: dict[str, list[Place]] = defaultdict(list)
    for module in modules:
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                defined[node.name].append(Place(module.file, node.lineno, node.name))
    for _, places in sorted(defined.items()):
        if len(places) > 1:
            yield from places


def service_words(modules: tuple[Module, ...], services: Services) -> Iterator[Place]:
    """Yield each string constant outside the exempt places that is a service's name or holds its host."""
    for module in modules:
        yield from sorted(_service_words(module, services))


def _service_words(module: Module, services: Services) -> Iterator[Place]:
    parents = {child: node for node in ast.walk(module.tree) for child in ast.iter_child_nodes(node)}
    for node, text in _texts(parents):
        kind = _kind(node, parents)
        word = services.word_in(text, kind)
        if word and not _exempt(module.file, word, kind):
            yield Place(module.file, node.lineno, f"{kind} {text!r}")


def _texts(parents: Mapping[ast.AST, ast.AST]) -> Iterator[tuple[ast.expr, str]]:
    """Yield the text constants among the nodes; an f-string is one text, and docstrings are none."""
    for node in parents:
        if isinstance(node, ast.JoinedStr):
            yield node, "".join(_text(part) or "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and not isinstance(parents[node], ast.Expr | ast.JoinedStr):
            text = _text(node)
            if text is not None:
                yield node, text


def _text(node: ast.expr) -> str | None:
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else None


def _kind(node: ast.expr, parents: Mapping[ast.AST, ast.AST]) -> str:
    """Name the kind of place that a constant stands in."""
    parent = parents[node]
    if isinstance(parent, ast.Dict):
        return "table key" if node in parent.keys else "table value"
    if isinstance(parent, ast.Set | ast.Tuple | ast.List):
        inside_comparison = isinstance(parents[parent], ast.Compare)
        return "comparison" if inside_comparison else "collection"
    kinds: tuple[tuple[type[ast.AST], str], ...] = (
        (ast.Compare, "comparison"),
        (ast.MatchValue, "case"),
        (ast.Subscript, "lookup"),
        (ast.Call, "argument"),
        (ast.keyword, "argument"),
        (ast.arguments, "default"),
    )
    return next((kind for type_, kind in kinds if isinstance(parent, type_)), "constant")


def _exempt(file: str, word: str, kind: str) -> bool:
    return any(
        file.startswith(free.where) and free.text in {"", word} and (not free.kinds or kind in free.kinds)
        for free in EXEMPT
    )


def function_lengths(modules: tuple[Module, ...]) -> Iterator[tuple[int, Place]]:
    """Yield (lines without the docstring, place) of every function."""
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if ast.get_docstring(node) is not None:
                    length -= (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
                yield length, Place(module.file, node.lineno, f"{node.name}, {length} lines")


@dataclass(frozen=True)
class Counts:
    """Counts of one package; each list names the places that break its rule."""

    largest_folder: int
    full_folders: list[str]
    docstrings: int
    relative: list[Place]
    repeated_classes: list[Place]
    service_words: list[Place]
    median_function: float
    long_functions: list[Place]
    long_modules: list[Place]

    @property
    def relative_share(self) -> float:
        """Part of the docstrings that open with a relative clause, 0..1."""
        return len(self.relative) / max(self.docstrings, 1)

    def broken(self) -> list[str]:
        """Return a line for each place that breaks a rule; empty where all limits are kept."""
        late = self.relative if self.relative_share >= RELATIVE_SHARE else []
        return [
            *(f"{line} (at most {MODULES_PER_FOLDER})" for line in self.full_folders),
            *(f"{place.file}:{place.line}: docstring {place.found!r}" for place in late),
            *(
                f"{place.file}:{place.line}: class {place.found} is defined twice"
                for place in self.repeated_classes
            ),
            *map(str, self.service_words),
        ]

    def to_json(self) -> dict[str, Any]:
        """Return the counts as one JSON document with limits and places."""
        return {
            "ok": not self.broken(),
            "modules_per_folder": {
                "largest": self.largest_folder,
                "limit": MODULES_PER_FOLDER,
                "places": self.full_folders,
            },
            "relative_docstrings": {
                "count": len(self.relative),
                "docstrings": self.docstrings,
                "share": round(self.relative_share, 4),
                "limit": RELATIVE_SHARE,
                "places": list(map(str, self.relative)),
            },
            "repeated_classes": _listed(self.repeated_classes, limit=0),
            "service_words": _listed(self.service_words, limit=0),
            "functions": {"median": self.median_function, "long": list(map(str, self.long_functions))},
            "long_modules": list(map(str, self.long_modules)),
        }


def _listed(places: list[Place], *, limit: int) -> dict[str, Any]:
    return {"count": len(places), "limit": limit, "places": list(map(str, places))}


def counted(package: Path, services: Services) -> Counts:
    """Count everything in the package at `package`."""
    return counted_in(parsed(package), services)


def counted_in(modules: tuple[Module, ...], services: Services) -> Counts:
    """Count everything in modules that were parsed before."""
    sizes = folder_sizes(modules)
    openings = list(docstrings(modules))
    lengths = list(function_lengths(modules))
    return Counts(
        largest_folder=max(sizes.values(), default=0),
        full_folders=[
            f"{folder}/: {size} modules" for folder, size in sizes.items() if size > MODULES_PER_FOLDER
        ],
        docstrings=len(openings),
        relative=[place for place in openings if is_relative(place.found)],
        repeated_classes=list(repeated_classes(modules)),
        service_words=list(service_words(modules, services)),
        median_function=statistics.median(length for length, _ in lengths) if lengths else 0.0,
        long_functions=[place for length, place in lengths if length > LONG_FUNCTION],
        long_modules=[
            Place(module.file, module.lines, "last line") for module in modules if module.lines > LONG_MODULE
        ],
    )


def _table(counts: Counts) -> str:
    rows = (
        ("modules directly in a folder, largest", counts.largest_folder, f"at most {MODULES_PER_FOLDER}"),
        (
            f"relative docstrings, of {counts.docstrings}",
            f"{counts.relative_share:.1%}",
            f"under {RELATIVE_SHARE:.0%}",
        ),
        ("public class names defined twice, places", len(counts.repeated_classes), "0"),
        ("service names and hosts outside their rooms", len(counts.service_words), "0"),
        ("lines of a function, median", f"{counts.median_function:g}", ""),
        (f"functions above {LONG_FUNCTION} lines", len(counts.long_functions), ""),
        (f"modules above {LONG_MODULE} lines", len(counts.long_modules), ""),
    )
    return "\n".join(f"{title:46} {value:>6}  {limit}".rstrip() for title, value, limit in rows)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("package", nargs="?", type=Path, default=PACKAGE, help="folder of the package")
    parser.add_argument("--check", action="store_true", help="print what breaks a rule; exit with 1 if any")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    asked = parser.parse_args(arguments)
    counts = counted(asked.package, Services.of_package())
    if asked.json:
        print(json.dumps(counts.to_json(), indent=2))
    else:
        print("\n".join(counts.broken()) if asked.check and counts.broken() else _table(counts))
    return 1 if asked.check and counts.broken() else 0


if __name__ == "__main__":
    sys.exit(main())
