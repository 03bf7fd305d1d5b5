# SPDX-License-Identifier: MIT
"""Local servers that answer as the folders of judged records say, every service below a path of its name.

What stands in no folder of the record's world is not there (404). Files that the world denies are refused as
their host refuses them, and a dataset that nobody can reach gets 503. Nothing is served of the hand scores.
"""

import hashlib
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from fairreg.harvesters.dlhub import PATH
from fairreg.sources import BUILT_IN

__all__ = ["JUDGED", "JudgedFolder", "environment", "folders", "serve"]

JUDGED = Path(__file__).parents[1] / "assessment" / "judged"
# Beginnings of the identifiers in about.toml that fairreg writes in full.
_SPELLED = {"cern:": "cernopendata:", "openml:": "openml:flow/"}
_FOUND = 50  # hits that a search for a record is looked at
_NEGOTIATED = "application/vnd.datacite.datacite+json"
Answer = Callable[[Request], Response]


class JudgedFolder(NamedTuple):
    """One folder: what is served of it, and what it says of its world."""

    path: Path
    about: dict[str, Any]

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def identifier(self) -> str:
        stated = str(self.about["identifier"])
        start = next((item for item in _SPELLED if stated.startswith(item)), "")
        return f"{_SPELLED.get(start, '')}{stated.removeprefix(start)}"

    @property
    def world(self) -> dict[str, Any]:
        return dict(self.about["world"])

    @property
    def record(self) -> Any:
        return json.loads((self.path / "record.json").read_bytes())

    @property
    def datacite(self) -> Any:
        file = self.path / "datacite.json"
        return json.loads(file.read_bytes()) if file.is_file() and self.world["doi_registered"] else None

    @property
    def page(self) -> str | None:
        file = self.path / self.world["landing_page"]
        return file.read_text(encoding="utf-8") if file.is_file() else None

    @property
    def files(self) -> dict[str, bytes]:
        root = self.path / "files"
        found = sorted(item for item in root.rglob("*") if item.is_file())
        return {item.relative_to(root).as_posix(): item.read_bytes() for item in found}

    def file(self, name: str) -> Response:
        """The published file, or the refusal of its host."""
        if self.world["downloads"] == "denied" or (
            name == "README.md" and self.world.get("readme") == "denied"
        ):
            return Response("Access is restricted.", self.world["download_status"])
        content = self.files.get(name)
        return _absent() if content is None else Response(content, mimetype="application/octet-stream")


def folders() -> tuple[JudgedFolder, ...]:
    """The judged records, in the order of their numbers."""
    return tuple(_folder(item.parent) for item in sorted(JUDGED.glob("*/about.toml")))


def environment(server: HTTPServer) -> dict[str, str]:
    """The variables that lead fairreg to the server."""
    return {
        row.url_variable: server.url_for(f"/{row.name}") for row in BUILT_IN if row.url and row.url_variable
    }


def serve(server: HTTPServer, judged: JudgedFolder) -> None:
    """Answer for every service as the record's world says."""
    server.no_handler_status_code = 404
    answers: dict[str, Answer] = {}
    for folder in _with_related(judged):
        answers |= _HOSTS[folder.about["source"]](folder)
        answers |= _registration(server, folder)
    for address in _unreachable(judged.world):
        answers[address] = lambda _request: Response("Service Unavailable", 503)
    for address, answer in answers.items():
        server.expect_request(address).respond_with_handler(answer)


def _folder(path: Path) -> JudgedFolder:
    return JudgedFolder(path, tomllib.loads((path / "about.toml").read_text(encoding="utf-8")))


def _with_related(judged: JudgedFolder) -> Iterator[JudgedFolder]:
    """The folder, after those of its training data and of the registries that list it."""
    world = judged.world
    for stated in (*world.get("datasets", ()), *world.get("registries", ())):
        name = stated if isinstance(stated, str) else stated.get("folder")
        if name and (JUDGED / name / "about.toml").is_file():
            yield _folder(JUDGED / name)
        elif name:
            yield JudgedFolder(JUDGED / name, {"source": "zenodo", "world": _closed(stated)})
    yield judged


def _closed(stated: Mapping[str, str]) -> dict[str, Any]:
    """The world of a dataset that has no description of its own."""
    assert stated["state"] == "closed", stated
    return {
        "doi_registered": True,
        "registration_agency": "DataCite",
        "landing_page": "page.html",
        "downloads": "denied",
        "download_status": 403,
        "search_rank": 0,
        "openapi": True,
    }


def _unreachable(world: Mapping[str, Any]) -> Iterator[str]:
    """The addresses of the datasets that no service gives."""
    for stated in world.get("datasets", ()):
        if isinstance(stated, str) or stated["state"] != "unreachable":
            continue
        if "doi" in stated:
            doi, number = stated["doi"], stated["doi"].rpartition(".")[2]
            yield from (f"/datacite/dois/{doi}", f"/doi/{doi}", f"/zenodo/api/records/{number}")
        elif stated["id"].startswith("cern:"):
            yield f"/cernopendata/api/records/{stated['id'].removeprefix('cern:')}"
        else:
            yield f"/huggingface/api/datasets/{stated['id']}"


def _registration(server: HTTPServer, folder: JudgedFolder) -> dict[str, Answer]:
    """What DataCite and doi.org say of the record's DOI."""
    document = folder.datacite
    if document is None:
        return {}
    doi = document["data"]["attributes"]["doi"]
    agency = [{"DOI": doi.partition("/")[0], "RA": folder.world["registration_agency"]}]

    def resolve(request: Request) -> Response:
        if _NEGOTIATED in request.headers.get("Accept", ""):
            return Response(json.dumps(document["data"]["attributes"]), mimetype=_NEGOTIATED)
        return Response("", 302, {"Location": server.url_for(f"/landing/{doi}")})

    return {
        f"/datacite/dois/{doi.lower()}": _json(document),
        f"/doi/ra/{doi.partition('/')[0]}": _json(agency),
        f"/doi/{doi.lower()}": resolve,
        f"/landing/{doi}": _page(folder),
    }


def _zenodo(folder: JudgedFolder) -> dict[str, Answer]:
    record = folder.record
    number, content = record["id"], f"/zenodo/api/records/{record['id']}/files"
    answers = {
        f"/zenodo/api/records/{number}": _json(record),
        "/zenodo/api/records": _numbered(folder, record, lambda other: {**record, "id": other, "doi": None}),
        f"/zenodo/records/{number}": _page(folder),
        "/zenodo/oai2d": _described(folder, "<Identify><repositoryName>Zenodo</repositoryName></Identify>"),
        content: _listed(folder, record),
    }
    names = (
        folder.files if folder.world["downloads"] == "denied" else [item["key"] for item in record["files"]]
    )
    return answers | {f"{content}/{name}/content": _file(folder, name) for name in names}


def _listed(folder: JudgedFolder, record: Any) -> Answer:
    if folder.world["downloads"] == "denied":
        return lambda _request: _json_answer({"status": 403, "message": "Permission denied."}, 403)
    return _json({"enabled": True, "entries": record["files"]})


def _huggingface(folder: JudgedFolder) -> dict[str, Answer]:
    info = folder.record
    name = info["id"]
    hits = _hits(folder, info, lambda other: {**info, "id": f"other/{other}", "modelId": f"other/{other}"})
    answers = {
        f"/huggingface/api/models/{name}": _json(info),
        "/huggingface/api/models": lambda request: _json_answer(
            hits[: int(request.args.get("limit", _FOUND))]
        ),
        f"/huggingface/{name}": _page(folder),
        "/huggingface/.well-known/openapi.json": _described(folder, '{"openapi": "3.1.0"}'),
    }
    listed = (item["rfilename"] for item in info["siblings"])
    return answers | {
        f"/huggingface/{name}/resolve/{info['sha']}/{item}": _file(folder, item) for item in listed
    }


def _github(folder: JudgedFolder) -> dict[str, Answer]:
    """The REST API, and the hosts of pages and files, which a configured address stands for as well."""
    told = folder.record
    repository, release, tree = told["repository"], told["release"], told["tree"]
    slug = repository["full_name"]
    sha = hashlib.sha1(tree["sha"].encode()).hexdigest()
    commit = {"sha": sha, "commit": {"committer": {"date": repository["pushed_at"]}}}
    api, tag = f"/github/repos/{slug}", f"tags/{release['tag_name']}" if release else None
    answers = {
        api: _json(repository),
        f"{api}/releases": _json([release] if release else []),
        f"{api}/commits/heads/{repository['default_branch']}": _json(commit),
        f"{api}/git/trees/{sha}": _json(tree),
        "/github/search/repositories": _numbered(
            folder, repository, lambda other: {**repository, "id": other, "full_name": f"other/r{other}"}
        ),
        f"/github/{slug}": _page(folder),
        f"/github/{_GITHUB_API}": _described(folder, '{"openapi": "3.0.3"}'),
    }
    if release:
        answers |= {f"{api}/releases/latest": _json(release), f"{api}/commits/{tag}": _json(commit)}
        for asset in release["assets"]:
            place = f"/github/{slug}/releases/download/{release['tag_name']}/{asset['name']}"
            answers[place] = _file(folder, asset["name"])
    return answers | {f"/github/{slug}/{sha}/{name}": _file(folder, name) for name in folder.files}


def _dlhub(folder: JudgedFolder) -> dict[str, Answer]:
    told = folder.record
    hits = _hits(
        folder, told["gmeta"][0], lambda other: _renamed(told["gmeta"][0], f"other/servable_{other}")
    )

    def search(request: Request) -> Response:
        asked = json.loads(request.get_data())
        if "shorthand_name" in asked["q"]:
            name = asked["q"].partition('"')[2].rstrip('"')
            own = told["gmeta"][0]["entries"][0]["content"]["dlhub"]["shorthand_name"]
            return _json_answer(told if name == own else {**told, "gmeta": [], "count": 0, "total": 0})
        offset, limit = int(asked.get("offset", 0)), int(asked.get("limit", 10))
        return _json_answer({"total": len(hits), "gmeta": hits[offset : offset + limit]})

    return {f"/globus{PATH}": search}


def _renamed(result: Any, name: str) -> Any:
    other = json.loads(json.dumps(result))
    content = other["entries"][0]["content"]
    content["dlhub"] |= {"shorthand_name": name, "name": name.partition("/")[2], "id": name}
    content["datacite"]["identifier"] = {}
    return other


def _cern(folder: JudgedFolder) -> dict[str, Answer]:
    record, number = folder.record, folder.record["id"]
    base = unquote(folder.world["file_base"]).removeprefix("https://opendata.cern.ch")
    answers = {
        f"/cernopendata/api/records/{number}": _json(record),
        "/cernopendata/api/records": _numbered(
            folder,
            record,
            lambda other: {
                "id": f"{other}",
                "metadata": {**record["metadata"], "recid": f"{other}", "doi": None},
            },
        ),
        f"/cernopendata/record/{number}": _page(folder),
    }
    return answers | {f"/cernopendata{base}{name}": _file(folder, name) for name in folder.files}


def _openml(folder: JudgedFolder) -> dict[str, Answer]:
    """A flow, and the list that a search by tag gives."""
    flow, api = folder.record["flow"], "/openml/api/v1/json/flow"
    hits = _hits(folder, flow, lambda other: {**flow, "id": f"{other}"})
    words = "sklearn ensemble _forest RandomForestClassifier"
    listed = f"{api}/list/tag/{words}/limit/25/offset/0"
    return {
        f"{api}/{flow['id']}": _json({"flow": flow}),
        listed: _json(
            {
                "flows": {
                    "flow": [{"id": item["id"], "uploader": "1", "name": item["name"]} for item in hits[:25]]
                }
            }
        ),
        f"/openml/f/{flow['id']}": _page(folder),
        **{f"{api}/{item['id']}": _json({"flow": item}) for item in hits},
    }


def _hits(folder: JudgedFolder, own: Any, other: Callable[[int], Any]) -> list[Any]:
    """The first hits of the host's search for the title, the record at its place (0: not among them)."""
    rank = folder.world["search_rank"]
    return [own if place == rank else other(7_000_000 + place) for place in range(1, _FOUND + 1)]


def _numbered(folder: JudgedFolder, own: Any, other: Callable[[int], Any]) -> Answer:
    """Numbered pages of hits, as Zenodo, GitHub and CERN Open Data have them."""
    hits = _hits(folder, own, other)

    def page(request: Request) -> Response:
        size = int(request.args.get("size") or request.args.get("per_page") or 10)
        first = size * (int(request.args.get("page", 1)) - 1)
        shown = hits[first : first + size]
        if "github" in request.path:
            return _json_answer({"total_count": len(hits), "incomplete_results": False, "items": shown})
        return _json_answer({"hits": {"hits": shown, "total": len(hits)}})

    return page


def _file(folder: JudgedFolder, name: str) -> Answer:
    return lambda _request: folder.file(name)


def _page(folder: JudgedFolder) -> Answer:
    text = folder.page
    return lambda _request: _absent() if text is None else Response(text, mimetype="text/html")


def _described(folder: JudgedFolder, text: str) -> Answer:
    """The machine-readable description of the host's interface, where the world has one."""
    known = folder.world["openapi"]
    return lambda _request: Response(text) if known else _absent()


def _json(document: Any) -> Answer:
    return lambda _request: _json_answer(document)


def _json_answer(document: Any, status: int = 200) -> Response:
    return Response(json.dumps(document), status, mimetype="application/json")


def _absent() -> Response:
    return Response("Not Found", 404)


_GITHUB_API = "github/rest-api-description/main/descriptions/api.github.com/api.github.com.json"
_HOSTS: dict[str, Callable[[JudgedFolder], dict[str, Answer]]] = {
    "zenodo": _zenodo,
    "huggingface": _huggingface,
    "github": _github,
    "dlhub": _dlhub,
    "cern": _cern,
    "openml": _openml,
}
