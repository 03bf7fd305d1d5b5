# SPDX-License-Identifier: MIT
"""GitHub's HTTP behaviour, played by a local server in the shapes that it documents (written by hand)."""

import hashlib
import json
import logging
from datetime import date

import pytest
from msgspec.structs import replace

from fairreg import harvesters
from fairreg.errors import AccessDenied, BadAnswer, ChecksumMismatch, Gone, NotFound, RateLimited, UsageError
from fairreg.formats.related import repository_of, source_revision
from fairreg.registry import Registry
from fairreg.schemas.identifiers import Identifier, parse
from fairreg.schemas.record import ModelRecord
from fairreg.services.fetch.download import download
from fairreg.services.fetch.fetch import fetch
from fairreg.services.harvest.harvest import harvest
from fairreg.services.registry.db import init
from fairreg.services.registry.transfer import add
from fairreg.settings import Settings
from fairreg.storage.cache import Cache
from fairreg.web import HttpClient, RetryPolicy
from harvesters.github_server import COMMIT, LARGE, OID, POINTER, WEIGHTS, GitHubServer, as_json, blob_sha1

github = harvesters.get("github")
TAGGER = Identifier("github", "lab/tagger")
PLANTED = "ghp_planted0123456789"


@pytest.fixture
def server(httpserver):
    return GitHubServer(httpserver)


@pytest.fixture
def record(web, server):
    """Fetches the repository as the server has it and maps it."""
    return lambda identifier=TAGGER: github.to_record(github.fetch(web, identifier).payload)


def by_name(record):
    return {item.name: item for item in record.distributions}


def test_it_handles_repositories_and_nothing_else():
    assert github.handles(parse("https://github.com/lab/tagger/tree/v1"))
    assert github.handles_url("git@github.com:lab/tagger.git")
    assert not github.handles(Identifier("github", "lab/.."))
    assert not github.handles(Identifier("huggingface", "lab/tagger"))


def test_a_repository_is_read_with_its_release_and_files(record):
    found = record()
    assert (found.identifier, found.name, found.version) == ("github:lab/tagger", "Jet Tagger", "v1.0")
    assert found.alternate_names == ("tagger",)
    assert (found.kind, found.license, found.description) == ("model", "MIT", "Tags jets.")
    assert [(item.name, item.orcid) for item in found.creators] == [
        ("Doe, Jane", "0000-0002-1825-0097"),
        ("Roe, Rick", None),
    ]
    assert found.date_created == "2022-01-02T03:04:05Z"
    assert found.date_published == "2022-11-09T10:00:00Z"
    assert found.date_modified == "2023-01-02T03:04:05Z"
    assert found.keywords == ("jet-tagging", "pytorch")
    assert (found.ml_task, found.frameworks) == (("jet tagging",), ("PyTorch", "ONNX"))
    assert found.notes is None


def test_no_doi_is_taken_for_that_of_the_repository(record):
    found = record()
    assert found.doi is None
    assert [(item.scheme, item.value) for item in found.identifiers] == [
        ("github", "lab/tagger"),
        ("concept_doi", "10.5281/zenodo.1000"),
        ("paper_doi", "10.1103/physrevd.102.012010"),
        ("related_doi", "10.5281/zenodo.1002"),
        ("swhid", "swh:1:dir:0123456789012345678901234567890123456789"),
    ]
    assert {item.evidence for item in found.identifiers if item.scheme == "related_doi"} == {
        "CITATION.cff: doi"
    }
    relations = {(item.type, item.target.compact) for item in found.relations}
    assert relations == {
        ("cites", "doi:10.1103/physrevd.102.012010"),
        ("cites", "arxiv:1909.12285"),
        ("is_supplemented_by", "doi:10.5281/zenodo.1000"),
        ("is_supplemented_by", "doi:10.5281/zenodo.1002"),
    }


def test_files_are_addressed_by_commit_and_carry_gits_digest(record):
    files = by_name(record())
    assert set(files) == {"models/tagger.onnx", "models/large.pt", "tagger.zip"}
    onnx = files["models/tagger.onnx"]
    assert onnx.checksums == (f"git-blob-sha1:{blob_sha1(WEIGHTS)}",)
    assert onnx.size == len(WEIGHTS)
    assert onnx.url == f"https://raw.githubusercontent.com/lab/tagger/{COMMIT}/models/tagger.onnx"
    assert files["tagger.zip"].checksums == (f"sha256:{hashlib.sha256(b'zip').hexdigest()}",)


def test_a_file_in_git_lfs_is_that_of_its_pointer(record):
    large = by_name(record())["models/large.pt"]
    assert (large.size, large.checksums) == (len(LARGE), (f"sha256:{OID}",))
    assert large.url == f"https://media.githubusercontent.com/media/lab/tagger/{COMMIT}/models/large.pt"


def test_every_listed_file_is_fetched_and_verified(web, record, settings):
    cache = Cache(settings.cache)
    got = {item.name: download(web, cache, item) for item in record().distributions}
    assert all(item.verified for item in got.values())
    assert got["models/tagger.onnx"].file.path.read_bytes() == WEIGHTS
    assert got["models/large.pt"].file.path.read_bytes() == LARGE


def test_fetch_brings_the_model_files_of_a_repository(server, settings):
    fetched = fetch(settings, "https://github.com/lab/tagger", patterns=["*.onnx"])
    assert [item.file.path.read_bytes() for item in fetched.files] == [WEIGHTS]
    assert fetched.to_json()["version"] == "v1.0"


def test_a_file_that_changed_after_the_record_is_refused(web, server, record, settings):
    onnx = by_name(record())["models/tagger.onnx"]
    server.files["models/tagger.onnx"] = WEIGHTS[:-1] + b"x"
    with pytest.raises(ChecksumMismatch, match="git-blob-sha1"):
        download(web, Cache(settings.cache), onnx)


def test_a_pointer_that_was_not_resolved_is_refused_with_a_sentence(web, server, settings):
    payload = github.fetch(web, TAGGER).payload
    payload["pointers"] = {}
    large = by_name(github.to_record(payload))["models/large.pt"]
    assert large.size == len(POINTER)
    with pytest.raises(NotFound, match="only a Git LFS pointer"):
        download(web, Cache(settings.cache), large)


def test_what_did_not_change_is_not_sent_again(web, server):
    first = github.fetch(web, TAGGER)
    begun = len(server.sent)
    again = github.fetch(web, TAGGER)
    assert (again.raw, again.payload) == (first.raw, first.payload)
    assert {status for _, status in server.sent[begun:]} == {304}
    server.repository["description"] = "Tags other jets."
    assert github.fetch(web, TAGGER).payload["repository"]["description"] == "Tags other jets."


def test_a_renamed_repository_is_found_under_its_new_name(record):
    found = record(Identifier("github", "lab/old-name"))
    names = [(item.value, item.evidence) for item in found.identifiers if item.scheme == "github"]
    assert names == [("lab/tagger", None), ("lab/old-name", "an earlier name of the repository")]
    assert found.provenance.source_id == "42"


def test_without_a_release_the_newest_commit_is_the_version(server, record):
    server.release = None
    found = record()
    assert found.version == COMMIT
    origin = next(item for item in found.provenance.origins if item.field == "version")
    assert (origin.origin, origin.evidence) == ("inferred", "no release; the newest commit of heads/main")


def release(tag, **more):
    """A release of the repository with one file."""
    address = f"https://github.com/lab/tagger/releases/download/{tag}/{tag}.onnx"
    asset = {"name": f"{tag}.onnx", "state": "uploaded", "size": 3, "browser_download_url": address}
    flags = {"draft": False, "prerelease": False, "published_at": "2021-05-06T00:00:00Z"}
    return {"tag_name": tag, "name": tag, "assets": [asset], **flags, **more}


OLD = Identifier("github", "lab/tagger@v0.9")


def test_a_release_by_its_tag_has_its_own_files_date_and_name(server, record):
    server.older = [release("v0.9")]
    found = record(OLD)
    assert (found.identifier, found.version) == ("github:lab/tagger@v0.9", "v0.9")
    assert found.provenance.source_id == "42@v0.9"
    assert found.provenance.url == "https://github.com/lab/tagger/releases/tag/v0.9"
    assert found.date_published == "2021-05-06T00:00:00Z"
    assert found.date_modified == "2022-11-09T09:00:00Z"
    assert {"v0.9.onnx", "models/tagger.onnx"} <= set(by_name(found))
    assert "tagger.zip" not in by_name(found)
    assert found.related("is_version_of") == (TAGGER,)
    assert found.value_of("github") == "lab/tagger@v0.9"
    assert repository_of(found) == "https://github.com/lab/tagger"
    assert source_revision(found.identifiers[0]) == found.provenance.url
    assert ModelRecord.from_jsonld(found.to_jsonld()) == found


def test_a_repository_names_its_other_releases(server, record):
    server.older = [
        release("v2.0-rc1", prerelease=True),
        release("v3.0", draft=True, published_at=None, assets=[]),
        release("v0.9"),
    ]
    found = record()
    assert (found.identifier, found.version) == ("github:lab/tagger", "v1.0")
    assert [item.value for item in found.related("has_version")] == [
        "lab/tagger@v2.0-rc1",
        "lab/tagger@v3.0",
        "lab/tagger@v0.9",
    ]
    told = "v2.0-rc1 (pre-release, 2021-05-06, 1 file); v3.0 (draft); v0.9 (2021-05-06, 1 file)."
    assert found.notes == f"Other releases, each by github:lab/tagger@TAG: {told}"


@pytest.mark.parametrize(
    ("flags", "said"),
    [({"prerelease": True}, "v0.9 is a pre-release."), ({"draft": True}, "v0.9 is a draft of a release")],
)
def test_a_release_says_that_it_is_no_final_one(server, record, flags, said):
    server.older = [release("v0.9", **flags)]
    assert said in record(OLD).notes


def test_a_repository_with_pre_releases_only_has_no_final_release(server, record):
    server.release, server.older = None, [release("v0.9", prerelease=True)]
    found = record()
    origin = next(item for item in found.provenance.origins if item.field == "version")
    assert (found.version, origin.evidence) == (COMMIT, "no final release; the newest commit of heads/main")
    assert "v0.9 (pre-release" in found.notes


def test_a_tag_without_a_release_has_the_files_of_its_commit(server, record):
    server.tags = ["v0.9"]
    found = record(OLD)
    assert (found.version, found.date_published) == ("v0.9", None)
    assert "The tag v0.9 has no release" in found.notes
    assert "models/tagger.onnx" in by_name(found)


def test_an_unknown_tag_is_not_found_and_known_ones_are_named(web, server):
    server.older = [release("v0.9")]
    with pytest.raises(NotFound, match=r"neither a release nor a tag v7") as caught:
        github.fetch(web, Identifier("github", "lab/tagger@v7"))
    assert "Its newest releases: v1.0, v0.9." in caught.value.hint
    server.release, server.older = None, []
    with pytest.raises(NotFound) as caught:
        github.fetch(web, Identifier("github", "lab/tagger@v7"))
    assert "It has no releases." in caught.value.hint


def test_a_release_of_another_tag_is_a_bad_answer(web, server):
    answered = server._answer

    def confused(request, path):
        return as_json(release("v0.8")) if "/releases/tags/" in path else answered(request, path)

    server._answer = confused
    with pytest.raises(BadAnswer, match=r"asked for the release v0\.9 and answered with 'v0\.8'"):
        github.fetch(web, OLD)


def test_a_release_of_a_renamed_repository_is_found(server, record):
    server.older = [release("v0.9")]
    found = record(Identifier("github", "lab/old-name@v0.9"))
    names = [item.value for item in found.identifiers if item.scheme == "github"]
    assert names == ["lab/tagger@v0.9", "lab/old-name@v0.9"]


@pytest.mark.parametrize("pid", ["github:lab/tagger@v0.9", "https://github.com/lab/tagger/releases/tag/v0.9"])
def test_fetch_of_a_tag_brings_the_files_of_that_release(server, settings, pid):
    server.older = [release("v0.9")]
    fetched = fetch(settings, pid, patterns=["models/*.onnx"])
    assert fetched.record.identifier == "github:lab/tagger@v0.9"
    assert [item.file.path.read_bytes() for item in fetched.files] == [WEIGHTS]
    fetch(settings, "github:lab/tagger", patterns=["models/*.onnx"])
    with Registry(settings=settings) as registry:
        report = registry.explain("github:lab/tagger")
        assert {link.source_id for link in report.sources} == {"42", "42@v0.9"}
        assert registry.entry_for(pid).record.version == "v0.9"
        assert registry.entry_for("github:lab/tagger").record.version == "v1.0"
        assert registry.entry_for("https://github.com/lab/tagger").record.version == "v1.0"


def test_a_release_from_a_file_is_not_found_under_its_repository(server, record, settings, tmp_path):
    server.older = [release("v0.9")]
    found = replace(record(OLD), identifiers=())
    file = tmp_path / "release.json"
    file.write_text(json.dumps(found.to_json()))
    init(settings)
    add(settings, file)
    with Registry(settings=settings) as registry:
        assert registry.entry_for(OLD).record.version == "v0.9"
        with pytest.raises(NotFound):
            registry.entry_for(TAGGER)


def test_fetch_says_that_a_repository_was_renamed(server, settings):
    server.older = [release("v0.9")]
    for pid in ("github:lab/old-name", "github:lab/old-name@v0.9"):
        told = []
        fetch(settings, pid, patterns=["models/*.onnx"], log=told.append)
        assert [line for line in told if "lab/old-name is its former name" in line], told


def test_releases_whose_tags_differ_in_case_keep_their_own_files_offline(server, settings):
    server.older = [release("v0.9"), release("V0.9")]
    for tag in ("v0.9", "V0.9"):
        fetch(settings, f"github:lab/tagger@{tag}", patterns=["models/*.onnx"])
    with Registry(settings=settings) as registry:
        for tag in ("v0.9", "V0.9"):
            assert registry.entry_for(f"github:lab/tagger@{tag}").record.version == tag
            assert registry.entry_for(f"LAB/tagger@{tag}").record.version == tag


def test_an_empty_repository_is_a_record_that_says_so(server, record):
    server.empty, server.release = True, None
    found = record()
    assert (found.version, found.distributions) == (None, ())
    assert found.notes == "The repository is empty."
    assert found.kind == "software"


def test_a_release_whose_tag_is_gone_is_noted(server, record):
    server.release["tag_name"] = "v1.0"
    server._commit = lambda ref: as_json({"message": f"No commit found for SHA: {ref}"}, 422)
    assert "no commit for tags/v1.0" in record().notes


def test_a_list_of_files_that_was_cut_off_is_noted_and_the_top_read_anew(server, record):
    server.truncated = True
    found = record()
    assert "cut the list of files off" in found.notes
    assert found.creators[0].name == "Doe, Jane"


def test_a_file_that_cannot_be_read_is_noted(web, server):
    payload = github.fetch(web, TAGGER).payload
    assert payload["notes"] == []
    served = server._file
    server._file = lambda path: None if path.endswith("CITATION.cff") else served(path)
    server.files["CITATION.cff"] += b"\n"
    found = github.to_record(github.fetch(web, TAGGER).payload)
    assert "CITATION.cff could not be read" in found.notes
    assert found.creators[0].name == "lab"


def test_licence_files_of_every_layout_are_fetched(server, record):
    server.repository["license"] = {"key": "other", "name": "Other", "spdx_id": "NOASSERTION"}
    mit = server.files.pop("LICENSE")
    server.files["CITATION.cff"] = b"title: T\n"
    server.files |= {"LICENSE-MIT": mit, "LICENSE-APACHE": b"Apache License\nVersion 2.0, January 2004\n"}
    assert record().license == "Apache-2.0 OR MIT"
    del server.files["LICENSE-MIT"], server.files["LICENSE-APACHE"]
    server.files |= {"LICENSES/MIT.txt": mit, "LICENSES/CC0-1.0.txt": b"CC0"}
    assert record().license == "CC0-1.0 AND MIT"


def test_a_folder_of_a_hundred_licences_is_not_fetched_whole(server, record):
    server.files |= {f"LICENSES/LicenseRef-{number}.txt": b"Own" for number in range(100)}
    assert "Only the first 40 of 103 metadata files were read." in record().notes


def test_an_unknown_repository_is_not_found(web, server):
    with pytest.raises(NotFound):
        github.fetch(web, Identifier("github", "lab/nothing"))
    with pytest.raises(UsageError):
        github.fetch(web, Identifier("doi", "10.5281/zenodo.1"))


def test_refusals_say_what_to_do_at_github(web, server):
    server.refusals = [as_json({"message": "Bad credentials"}, 401)]
    with pytest.raises(AccessDenied) as caught:
        github.fetch(web, TAGGER)
    assert "GITHUB_TOKEN" in caught.value.hint
    server.refusals = [as_json({"message": "Repository access blocked", "block": {"reason": "dmca"}}, 451)]
    with pytest.raises(Gone, match="legal reasons") as caught:
        github.fetch(web, TAGGER)
    assert "blocked" in caught.value.reason


NOW = 1_800_000_000


@pytest.fixture
def waits(monkeypatch):
    """The waits of a client that sleeps with `append`; no other time passes."""
    found = []
    monkeypatch.setattr("fairreg.web.pacing.time.time", lambda: float(NOW))
    monkeypatch.setattr("fairreg.web.pacing.time.monotonic", lambda: 100.0 + sum(found))
    return found


def reset(seconds):
    return {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": str(NOW + seconds)}


PRIMARY = {"message": "API rate limit exceeded for 192.0.2.1."}
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}


@pytest.mark.parametrize(
    ("refusal", "seconds"),
    [
        (lambda: as_json(PRIMARY, 403, **reset(20)), 21),
        (lambda: as_json(PRIMARY, 429, **reset(20)), 21),
        (lambda: as_json(SECONDARY, 403, Retry_After="30"), 30),
        (lambda: as_json(SECONDARY, 429, Retry_After="30"), 30),
        (lambda: as_json(SECONDARY, 403), 60),
        (lambda: as_json({"message": "You have triggered an abuse detection mechanism."}, 403), 60),
    ],
)
def test_each_kind_of_limit_is_waited_for_and_tried_again(settings, server, waits, refusal, seconds):
    server.refusals = [refusal()]
    with HttpClient(settings, sleep=waits.append) as web:
        assert github.fetch(web, TAGGER).payload["repository"]["id"] == 42
    assert waits == [seconds]


def test_a_limit_that_lasts_too_long_is_said_with_a_way_out(settings, server, waits):
    server.refusals = [as_json(PRIMARY, 403, **reset(3000))]
    with HttpClient(settings, sleep=waits.append) as web, pytest.raises(RateLimited) as caught:
        github.fetch(web, TAGGER)
    assert waits == []
    assert caught.value.retry_after == 3001
    assert "50 min" in caught.value.hint
    assert "GITHUB_TOKEN" in caught.value.hint


def test_search_reads_pages_until_the_last(web, server):
    server.hits = 230
    pages = list(github.search(web, "topic:jet-tagging", since=date(2024, 1, 2)))
    assert [len(page.hits) for page in pages] == [100, 100, 30]
    assert [page.cursor for page in pages] == ["page=2&size=100", "page=3&size=100", None]
    assert {page.total for page in pages} == {230}
    assert github.to_record(pages[0].hits[0].payload).identifier == "github:lab/tagger-0"
    resumed = list(github.search(web, "topic:jet-tagging", cursor="page=3&size=100"))
    assert [len(page.hits) for page in resumed] == [30]
    limited = list(github.search(web, "topic:jet-tagging", limit=7))
    assert [len(page.hits) for page in limited] == [7]


def test_a_harvest_done_twice_changes_nothing(settings, server):
    server.hits = 120
    first = harvest(settings, "github", query="topic:jet-tagging")
    again = harvest(settings, "github", query="topic:jet-tagging")
    assert (first.new, first.refused, again.unchanged) == (120, [], 120)


def test_the_end_of_the_window_is_noted(web, server):
    server.hits = 5000
    pages = list(github.search(web, "jets"))
    assert sum(len(page.hits) for page in pages) == 1000
    assert pages[-1].note == "GitHub shows the first 1,000 of 5000 hits; narrow the query."
    with pytest.raises(UsageError, match="first 1,000"):
        list(github.search(web, "jets", cursor="page=11&size=100"))


def test_an_incomplete_search_is_noted(web, server):
    server.hits, server.incomplete = 3, True
    (page,) = github.search(web, "jets")
    assert "hits may be missing" in page.note


def test_a_query_that_github_does_not_take_is_a_usage_error(web, server):
    with pytest.raises(UsageError, match="stars must be a number"):
        list(github.search(web, "stars:x"))
    with pytest.raises(UsageError, match="GitHub search needs a query"):
        list(github.search(web, ""))
    with pytest.raises(UsageError, match="not a position in a GitHub search"):
        list(github.search(web, "jets", cursor="nonsense"))


def test_a_planted_token_goes_only_to_github_and_stays_nowhere(settings, server, httpserver, caplog, waits):
    urls = {f"FAIRREG_{name}_URL": httpserver.url_for(f"/{name.lower()}") for name in ("ZENODO", "GITHUB")}
    planted = Settings.from_environment({"FAIRREG_HOME": str(settings.home), "GITHUB_TOKEN": PLANTED, **urls})
    said = []
    with (
        caplog.at_level(logging.DEBUG),
        HttpClient(planted, log=said.append, sleep=lambda _seconds: None) as web,
    ):
        fetched = github.fetch(web, TAGGER)
        server.refusals = [as_json(PRIMARY, 403, **reset(3000))]
        with pytest.raises(RateLimited) as caught:
            github.fetch(web, TAGGER)
    assert any(item[0].headers.get("Authorization") == f"Bearer {PLANTED}" for item in httpserver.log)
    kept = [path.read_text() for path in settings.home.rglob("*") if path.is_file()]
    assert kept
    record = json.dumps(github.to_record(fetched.payload).to_json())
    texts = (*kept, *said, record, fetched.raw.decode(), str(caught.value), caught.value.hint, caplog.text)
    assert not [text for text in texts if PLANTED in text]


def test_a_token_does_not_reach_the_file_hosts(tmp_path):
    settings = Settings.from_environment({"FAIRREG_HOME": str(tmp_path), "GITHUB_TOKEN": PLANTED})
    with HttpClient(settings, patience=RetryPolicy(retries=0)) as web:
        assert web._authorization("https://api.github.com/repos/lab/tagger")
        assert not web._authorization("https://raw.githubusercontent.com/lab/tagger/main/x")
        raw = "https://raw.githubusercontent.com/lab/tagger/main/x"
        assert web.address(raw) == raw


@pytest.mark.parametrize(
    "other",
    [
        {"html_url": "https://github.com/evil/other/releases/tag/v1.0"},
        {"url": "https://api.github.com/repos/evil/other/releases/7"},
        {"assets": [{"browser_download_url": "https://github.com/evil/other/releases/download/v1/a.zip"}]},
    ],
)
def test_a_release_of_another_repository_is_a_bad_answer(web, server, other):
    server.release = {**server.release, **other}
    with pytest.raises(BadAnswer, match="a release of lab/tagger and answered with one of evil/other"):
        github.fetch(web, TAGGER)


@pytest.mark.parametrize("tag", ["../../../../evil/fork/commits/main", "%2e%2e/%2e%2e/x", "a..b", "v1.lock"])
def test_a_tag_that_leads_out_of_its_repository_is_never_requested(web, server, tag):
    with pytest.raises(UsageError):
        github.fetch(web, Identifier("github", f"lab/tagger@{tag}"))
    assert server.asked == []
    server.release = {**server.release, "tag_name": tag}
    with pytest.raises(BadAnswer, match="is not the name of a tag or branch"):
        github.fetch(web, TAGGER)
    server.release = None
    server.repository["default_branch"] = tag
    with pytest.raises(BadAnswer, match="is not the name of a tag or branch"):
        github.fetch(web, TAGGER)
    assert not [path for path in server.asked if "evil" in path]


def test_a_release_that_cannot_be_asked_for_is_not_named(server, record):
    server.older = [release("v0.9"), release("../x")]
    assert [item.value for item in record().related("has_version")] == ["lab/tagger@v0.9"]


def test_a_commit_of_another_repository_is_a_bad_answer(web, server):
    address = f"https://api.github.com/repos/evil/other/commits/{COMMIT}"
    server._commit = lambda _ref: as_json({"sha": COMMIT, "url": address, "commit": {}})
    with pytest.raises(BadAnswer, match="a commit of lab/tagger and answered with one of evil/other"):
        github.fetch(web, TAGGER)


def test_a_tag_with_an_at_sign_and_a_slash_is_fetched(server, record):
    server.older = [release("@scope/part@1.0")]
    found = record(Identifier("github", "lab/tagger@@scope/part@1.0"))
    assert (found.version, found.provenance.source_id) == ("@scope/part@1.0", "42@@scope/part@1.0")
    assert "/releases/tags/@scope/part@1.0" in "".join(server.asked)


def test_a_release_may_spell_its_repository_in_another_case(web, server):
    server.release = {**server.release, "html_url": "https://github.com/Lab/Tagger/releases/tag/v1.0"}
    assert github.fetch(web, TAGGER).payload["release"] is not None
