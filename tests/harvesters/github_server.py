# SPDX-License-Identifier: MIT
"""A local GitHub: one repository in the shapes that docs.github.com/rest documents (written by hand).

People, numbers and texts are made up; the shapes of limits, renames and 304 are those of recorded answers.
"""

import copy
import hashlib
import json
import re

from werkzeug import Response

COMMIT, TREE = "c" * 40, "7" * 40
WEIGHTS = bytes(range(256)) * 40
LARGE = b"large weights" * 1000
OID = hashlib.sha256(LARGE).hexdigest()
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize {len(LARGE)}\n"
CFF = """cff-version: 1.2.0
message: Cite it.
title: Jet Tagger
type: software
license: MIT
authors:
  - family-names: Doe
    given-names: Jane
    orcid: https://orcid.org/0000-0002-1825-0097
    affiliation: A University
  - family-names: Roe
    given-names: Rick
    orcid: https://orcid.org/0000-0002-1825-0098
doi: 10.5281/zenodo.1002
identifiers:
  - type: doi
    value: 10.5281/ZENODO.1000
    description: The concept DOI of all versions
  - type: swh
    value: swh:1:dir:0123456789012345678901234567890123456789
repository-code: https://github.com/lab/tagger
preferred-citation:
  type: article
  title: A paper
  doi: 10.1103/PhysRevD.102.012010
"""
README = """# Tagger
[![DOI](https://zenodo.org/badge/DOI/10.5281/zenodo.1002.svg)](https://doi.org/10.5281/zenodo.1002)
[![arXiv](https://img.shields.io/badge/arXiv-1909.12285-b31b1b.svg)](https://arxiv.org/abs/1909.12285)
"""
FILES = {
    "CITATION.cff": CFF.encode(),
    "README.md": README.encode(),
    "LICENSE": b"MIT License\n\nCopyright (c) 2022 Jane Doe\n",
    "models/tagger.onnx": WEIGHTS,
    "models/large.pt": POINTER.encode(),
    "tests/data/sample.onnx": b"sample",
    "src/tagger.py": b"print()\n",
}
REPOSITORY = {
    "id": 42,
    "name": "tagger",
    "full_name": "lab/tagger",
    "private": False,
    "visibility": "public",
    "owner": {"login": "lab", "id": 7, "type": "Organization"},
    "html_url": "https://github.com/lab/tagger",
    "url": "https://api.github.com/repos/lab/tagger",
    "description": "Tags jets.",
    "fork": False,
    "archived": False,
    "disabled": False,
    "created_at": "2022-01-02T03:04:05Z",
    "updated_at": "2024-01-02T03:04:05Z",
    "pushed_at": "2023-01-02T03:04:05Z",
    "default_branch": "main",
    "topics": ["jet-tagging", "pytorch"],
    "license": {
        "key": "mit",
        "name": "MIT License",
        "spdx_id": "MIT",
        "url": "https://api.github.com/licenses/mit",
    },
}
RELEASE = {
    "id": 1,
    "tag_name": "v1.0",
    "name": "First",
    "draft": False,
    "prerelease": False,
    "published_at": "2022-11-09T10:00:00Z",
    "zipball_url": "https://api.github.com/repos/lab/tagger/zipball/v1.0",
    "assets": [
        {
            "name": "tagger.zip",
            "state": "uploaded",
            "content_type": "application/zip",
            "size": 3,
            "digest": f"sha256:{hashlib.sha256(b'zip').hexdigest()}",
            "browser_download_url": "https://github.com/lab/tagger/releases/download/v1.0/tagger.zip",
        },
        {"name": "half.zip", "state": "starter", "size": 0, "browser_download_url": "https://github.com/x"},
    ],
}


def blob_sha1(content: bytes) -> str:
    """Git's own digest of a file."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def tree_of(files, *, truncated=False):
    """The answer of the trees endpoint."""
    entries = [
        {"path": path, "mode": "100644", "type": "blob", "sha": blob_sha1(content), "size": len(content)}
        for path, content in files.items()
    ]
    entries += [
        {"path": "models", "mode": "040000", "type": "tree", "sha": "d" * 40},
        {"path": "other", "mode": "160000", "type": "commit", "sha": "e" * 40},
        {"path": "models/link.onnx", "mode": "120000", "type": "blob", "sha": "f" * 40, "size": 9},
    ]
    return {"sha": TREE, "url": "https://api.github.com/x", "tree": entries, "truncated": truncated}


def as_json(document, status=200, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(json.dumps(document), status, named, content_type="application/json; charset=utf-8")


class GitHubServer:
    """Answers like GitHub for the repository ``lab/tagger``; change its parts before asking."""

    def __init__(self, httpserver):
        self.repository = copy.deepcopy(REPOSITORY)
        self.release = copy.deepcopy(RELEASE)
        self.older = []
        self.tags = []
        self.files = dict(FILES)
        self.truncated = False
        self.empty = False
        self.hits = 0
        self.incomplete = False
        self.refusals = []
        self.asked = []
        self.sent = []
        httpserver.expect_request(re.compile("^/github/")).respond_with_handler(self.answer)

    def answer(self, request):
        path = request.path.removeprefix("/github")
        self.asked.append(path)
        if self.refusals:
            return self.refusals.pop(0)
        answer = self._answer(request, path)
        if answer.status_code == 200:
            etag = f'W/"{hashlib.sha256(answer.get_data()).hexdigest()}"'
            if request.headers.get("If-None-Match") == etag:
                answer = Response(status=304)
            answer.headers["ETag"] = etag
        self.sent.append((path, answer.status_code))
        return answer

    def _answer(self, request, path):
        missing = as_json({"message": "Not Found", "documentation_url": "https://docs.github.com/rest"}, 404)
        moved = "https://api.github.com/repositories/42"
        repo = "/repos/lab/tagger"
        routes = {
            "/search/repositories": lambda: self._search(request.args),
            "/repos/lab/old-name": lambda: as_json(
                {"message": "Moved Permanently", "url": moved}, 301, Location=moved
            ),
            "/repositories/42": lambda: as_json(self.repository),
            repo: lambda: as_json(self.repository),
            f"{repo}/releases/latest": lambda: as_json(self.release) if self.release else missing,
            f"{repo}/git/trees/{COMMIT}": lambda: self._tree("recursive" in request.args),
            f"{repo}/releases": lambda: as_json(self._releases()),
        }
        if path.startswith(f"{repo}/releases/tags/"):
            tag = path.partition("/releases/tags/")[2]
            return next((as_json(item) for item in self._releases() if item["tag_name"] == tag), missing)
        if path.startswith(f"{repo}/commits/"):
            return self._commit(path.partition("/commits/")[2])
        return routes[path]() if path in routes else self._file(path) or missing

    def _releases(self):
        return [*([self.release] if self.release else []), *self.older]

    def _tree(self, recursive):
        top = {name: text for name, text in self.files.items() if "/" not in name}
        whole = tree_of(self.files, truncated=self.truncated)
        cut = {**whole, "tree": [item for item in whole["tree"] if "/" in item["path"]]}
        return as_json((cut if self.truncated else whole) if recursive else tree_of(top))

    def _commit(self, ref):
        if self.empty:
            return as_json({"message": "Git Repository is empty."}, 409)
        tags = [*(item["tag_name"] for item in self._releases()), *self.tags]
        known = {"heads/main", *(f"tags/{tag}" for tag in tags)}
        if ref not in known:
            return as_json({"message": f"No commit found for SHA: {ref}"}, 422)
        commit = {"committer": {"date": "2022-11-09T09:00:00Z"}, "tree": {"sha": TREE}}
        return as_json({"sha": COMMIT, "commit": commit, "files": [{"patch": "much text"}]})

    def _file(self, path):
        raw, media = f"/lab/tagger/{COMMIT}/", f"/media/lab/tagger/{COMMIT}/"
        if path.startswith(media):
            return Response(LARGE) if path.endswith("large.pt") else None
        name = path.removeprefix(raw)
        if path.startswith(raw) and name in self.files:
            return Response(self.files[name], content_type="text/plain; charset=utf-8")
        return Response(b"zip") if path.endswith("/download/v1.0/tagger.zip") else None

    def _search(self, args):
        size, number = int(args["per_page"]), int(args["page"])
        if size * number > 1000:
            message = "Only the first 1000 search results are available"
            return as_json({"message": message}, 422)
        if args["q"] == "stars:x":
            error = {
                "resource": "Search",
                "field": "q",
                "code": "invalid",
                "message": "stars must be a number",
            }
            return as_json({"message": "Validation Failed", "errors": [error]}, 422)
        numbers = range(min(self.hits, 1000))[(number - 1) * size : number * size]
        items = [
            {**self.repository, "id": item + 1, "full_name": f"lab/tagger-{item}", "score": 1.0}
            for item in numbers
        ]
        document = {"total_count": self.hits, "incomplete_results": self.incomplete, "items": items}
        return as_json(document)
