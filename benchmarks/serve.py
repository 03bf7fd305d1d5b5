# SPDX-License-Identifier: MIT
"""Load `fairreg serve` from several clients on the same machine, beside the service calls of the same.

    python benchmarks/serve.py --folder FOLDER [--records 200000] [--source DUMP] [--postgresql URL]
        [--clients 8] [--seconds 20] [--mix-seconds 600] [--workers 1] [--json]

FOLDER keeps the registry, which is made at the first run: copies of the packaged catalogue, or of the Hub's
records in DUMP (see `scripts/multiply_records.py`), with other words. An empty database of PostgreSQL is
filled alike, and one of an earlier run is used again. For each scenario it prints

- p50, p95, p99 in milliseconds, answers by status, and requests per second of clients that ask again as soon
  as they are answered, and the server's CPU time for a request;
- the service call of the same requests in this process, one at a time, in turn with the same requests over
  HTTP: the median of both and of their difference, which is what HTTP costs, and the ratio of p50 to it.

Then all scenarios mixed, with the server's memory and its growth per minute, and the mix from twice as many
clients, which may be refused with 503 and nothing else. It ends with 1 where another error came.
"""

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, cycle, islice
from operator import sub
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from http_load import Request, asking, load
from many_records import filled
from starlette.datastructures import QueryParams

from fairreg import formats
from fairreg.registry import Entry, Registry
from fairreg.server.oai import document_of
from fairreg.server.pages.record import record_page
from fairreg.server.query import SearchQuery
from fairreg.server.records.head import head
from fairreg.server.site import Site
from fairreg.services.registry.shared_engine import close, shared_registry
from fairreg.services.search.search import search
from fairreg.settings import Settings

SERVE = "import sys; from fairreg.cli.app import main; sys.exit(main())"
# What people type, what they narrow it by, and what they only look through.
WORDS = (
    "jet tagging", "Hbb tagger", "graph neural network", "calorimeter", "ParticleNet", "bert", "top quark",
    "anomaly detection", "image classification", "text generation english", "H→bb", "trnsformer",
)  # fmt: skip
NARROWED: tuple[dict[str, str], ...] = (
    {"framework": "PyTorch"}, {"kind": "model"}, {"year": "2020-2023"}, {"license": "MIT"}, {"sort": "year"},
    {"source": "huggingface"}, {"offset": "40"}, {},
)  # fmt: skip
HTML = "text/html"
# Milliseconds that p95 shall stay below.
GOALS = {"search": 200, "search page": 200, "record page": 30, "OAI oai_dc": 100, "OAI rdf": 100}
HTTP_GOAL = 3
# Times from which lists of changes begin.
PLACES = 20
COLUMNS = {
    "service": "service_ms",
    "HTTP": "http_ms",
    "over": "overhead_ms",
    "svc CPU": "service_cpu_ms",
    "CPU": "server_cpu_ms",
    "p50": "p50",
    "p95": "p95",
    "p99": "p99",
    "p50/svc": "ratio_of_p50",
    "per s": "requests_per_second",
}

Service = Callable[[Request], object]


@dataclass(frozen=True)
class Scenario:
    """Requests of one kind, and the service call that answers one of them."""

    name: str
    requests: tuple[Request, ...]
    service: Service


def main() -> None:
    asked = arguments()
    asked.folder.mkdir(parents=True, exist_ok=True)
    given = {"FAIRREG_HOME": str(asked.folder.resolve()), "FAIRREG_OFFLINE": "1"}
    given |= {"FAIRREG_DATABASE_URL": asked.postgresql} if asked.postgresql else {}
    settings = Settings.from_environment(given)
    count = filled(settings, asked.records, asked.source)
    with running(given, asked.workers) as (url, server), shared_registry(settings) as registry:
        listed = scenarios(Site(settings, url), registry)
        measured = [scenario_figures(item, url, server, asked) for item in listed]
        mix = list(chain.from_iterable(zip(*(item.requests for item in listed), strict=True)))
        mixed = load(url, mix, asked.clients, asked.mix_seconds or asked.seconds, server)
        twice = load(url, mix, 2 * asked.clients, asked.seconds, server)
    close()
    figures = {
        "registry": "PostgreSQL" if asked.postgresql else "SQLite",
        "entries": count,
        "workers": asked.workers,
        "scenarios": measured,
        "mix": mixed.to_json() | {"memory_mib": mixed.growth()},
        "twice": twice.to_json() | {"memory_mib": twice.growth()},
    }
    print(json.dumps(figures, indent=2) if asked.json else "\n".join(table(figures)))
    sys.exit(bool(faults(figures)))


@contextmanager
def running(given: dict[str, str], workers: int) -> Iterator[tuple[str, int]]:
    """A server in a process of its own: its address and its number."""
    command = [sys.executable, "-c", SERVE, "serve", "--port", "0", "--rate-limit", "0"]
    command += ["--workers", str(workers)]
    # To a file, as nobody reads a pipe while the server runs.
    said = Path(given["FAIRREG_HOME"]) / "server.log"
    with said.open("w") as log, subprocess.Popen(command, env=os.environ | given, stderr=log) as process:
        try:
            yield address(said, process), process.pid
        finally:
            process.terminate()


def address(said: Path, process: "subprocess.Popen[bytes]") -> str:
    """The address that a server says, as soon as it does."""
    while process.poll() is None:
        if found := re.search(r"answers at (http://\S+?)\. ", said.read_text()):
            return found[1]
        time.sleep(0.02)
    sys.exit(f"The server ended: {said.read_text()}")


def scenarios(site: Site, registry: Registry) -> list[Scenario]:
    """All kinds of requests, as many of each."""
    draw = random.Random(1)
    asked = [{"q": words, **more} for words in (*WORDS, "") for more in NARROWED]
    draw.shuffle(asked)
    names = list(registry.listing.identifiers())
    paths = [urlsplit(site.record_url(draw.choice(names))).path for _ in asked]
    starts = list(islice(cycle(_places(registry, names, draw)), len(asked)))

    def of(name: str, found: Iterable[str], service: Service, accept: str = "*/*") -> Scenario:
        return Scenario(name, tuple(Request(path, accept) for path in found), service)

    def searched(request: Request) -> object:
        params = QueryParams(urlsplit(request.path).query)
        query = SearchQuery.of(params)
        more = {"offset": query.offset, "sort": query.sort, **query.filters()}
        facets = params.get("facets") == "true" or request.path.startswith("/search?")
        return search(site.settings, query.q, registry=registry, facets=facets, **more).to_json()

    def entry_of(request: Request) -> Entry:
        return registry.entry_for(unquote(urlsplit(request.path).path.removeprefix("/records/")))

    def page(request: Request) -> str:
        entry = entry_of(request)
        return record_page(site, registry, entry, head(site, entry, site.record_url(entry.identifier)))

    def as_json(request: Request) -> object:
        return formats.get("json").write(entry_of(request).present_record)

    def harvested(request: Request) -> bytes:
        return document_of(site, registry, parse_qsl(urlsplit(request.path).query))

    def changed(request: Request) -> object:
        return registry.changes.page(dict(parse_qsl(urlsplit(request.path).query))["since"], limit=101)

    def oai(prefix: str) -> list[str]:
        from_ = [f"{start[:19]}Z" for start in starts]
        return [
            f"/oai?{urlencode({'verb': 'ListRecords', 'metadataPrefix': prefix, 'from': at})}" for at in from_
        ]

    queries = [urlencode({name: value for name, value in item.items() if value}) for item in asked]
    return [
        of("search", (f"/api/search?{item}" for item in queries), searched),
        of("search with facets", (f"/api/search?{item}&facets=true" for item in queries), searched),
        of("search page", (f"/search?{item}" for item in queries), searched, HTML),
        of("record page", paths, page, HTML),
        of("record JSON", (f"{item}?format=json" for item in paths), as_json),
        of("OAI oai_dc", oai("oai_dc"), harvested),
        of("OAI rdf", oai("rdf"), harvested),
        of("OAI oai_datacite", oai("oai_datacite"), harvested),
        of("changes", (f"/api/changes?{urlencode({'since': start})}" for start in starts), changed),
        of("healthz", ["/healthz"] * len(asked), lambda _: registry.listing.count()),
    ]


def _places(registry: Registry, names: Sequence[str], draw: random.Random) -> list[str]:
    """Times of changes anywhere in the order of time."""
    found = (registry.changes.of(draw.choice(names)) for _ in range(PLACES))
    return [change.changed_at for change in found if change is not None]


def scenario_figures(item: Scenario, url: str, server: int, asked: argparse.Namespace) -> dict[str, Any]:
    """One scenario: the service call and HTTP in turn, then the load."""
    services, cpu, answers = [], [], []
    with asking(url) as ask:
        item.service(item.requests[0])  # what is made once
        ask(item.requests[0])
        for request in item.requests[: asked.pairs]:
            begun, used = time.perf_counter(), time.process_time()
            item.service(request)
            services.append(1000 * (time.perf_counter() - begun))
            cpu.append(1000 * (time.process_time() - used))
            answers.append(ask(request).milliseconds)
    service = statistics.median(services)
    loaded = load(url, item.requests, asked.clients, asked.seconds, server).to_json()
    return {
        "name": item.name,
        "service_ms": round(service, 2),
        "service_cpu_ms": round(statistics.mean(cpu), 2),
        "http_ms": round(statistics.median(answers), 2),
        "overhead_ms": round(statistics.median(map(sub, answers, services)), 2),
        "ratio_of_p50": None if loaded["p50"] is None else round(loaded["p50"] / service, 1),
        **loaded,
    }


def table(figures: dict[str, Any]) -> Iterator[str]:
    """The figures as lines, times in milliseconds."""
    yield f"{figures['registry']}, {figures['entries']:,} entries, {figures['workers']} processes"
    yield f"{'':22}" + "".join(f"{head:>9}" for head in COLUMNS) + "     goal  answers"
    for row in rows(figures):
        cells = [row.get(name) for name in COLUMNS.values()] + [GOALS.get(row["name"])]
        words = ", ".join(f"{count} x {status}" for status, count in sorted(row["statuses"].items()))
        yield (
            f"{row['name']:22}"
            + "".join(f"{'' if cell is None else cell:>9}" for cell in cells)
            + f"  {words}"
        )
    for name in ("mix", "twice"):
        held = figures[name]["memory_mib"]
        slope = "too short to tell" if held["per_minute"] is None else f"{held['per_minute']:+.2f} a minute"
        yield f"memory of the server, {name}: {held['before']} MiB before, {held['after']} after, {slope}"
    yield f"goals are of p95; over HTTP at most {HTTP_GOAL} ms"
    yield from faults(figures)


def rows(figures: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The scenarios, and what was mixed of them."""
    yield from figures["scenarios"]
    yield from ({"name": name, **figures[name]} for name in ("mix", "twice"))


def faults(figures: dict[str, Any]) -> list[str]:
    """Answers that should not be: anything but 200, and under the doubled load 503."""
    return [
        f"{row['name']}: {count} answers {status}"
        for row in rows(figures)
        for status, count in row["statuses"].items()
        if status not in ({"200", "503"} if row["name"] == "twice" else {"200"})
    ]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, required=True, help="where the registry is kept")
    parser.add_argument("--records", type=int, default=200_000, help="made-up records beside the catalogue")
    parser.add_argument("--source", type=Path, help="dump or export that they are made of")
    parser.add_argument("--postgresql", metavar="URL", help="an empty database, or one of an earlier run")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--workers", type=int, default=1, help="processes of the server")
    parser.add_argument("--seconds", type=float, default=20, help="of each scenario")
    parser.add_argument("--mix-seconds", type=float, help="of all scenarios mixed (default: those of each)")
    parser.add_argument("--pairs", type=int, default=50, help="requests that are compared with the service")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()
