# SPDX-License-Identifier: MIT
"""The Hub over HTTP, through huggingface_hub, from a local server written by hand (`hub_server`)."""

import base64
import gzip
import hashlib
import json
import logging
import socket
import tracemalloc
import zlib
from contextlib import contextmanager
from datetime import date
from urllib.parse import parse_qs, urlsplit

import huggingface_hub
import pytest

from fairreg import harvesters
from fairreg.errors import (
    AccessDenied,
    BadAnswer,
    FairregError,
    NotFound,
    Offline,
    RateLimited,
    Unreachable,
    UnsafeAddress,
    UsageError,
)
from fairreg.harvesters.huggingface import HuggingFaceHarvester, api
from fairreg.harvesters.huggingface.query import HubQuery
from fairreg.registry import Registry
from fairreg.schemas.identifiers import Identifier, parse
from fairreg.services.fetch.download import download
from fairreg.services.fetch.fetch import fetch
from fairreg.services.fetch.resolve import resolve
from fairreg.services.harvest.harvest import harvest
from fairreg.settings import Settings
from fairreg.storage.cache import Cache
from fairreg.web import HttpClient, RetryPolicy
from harvesters.hub_server import Hub, generated

TOKEN = "hf_plantedSecretToken0123456789"
BODY = b"weights" * 1000
DIGEST = hashlib.sha256(BODY).hexdigest()
once = HuggingFaceHarvester(policy=RetryPolicy(retries=0))
BIG = {"rfilename": "model.onnx", "size": len(BODY), "lfs": {"sha256": DIGEST, "size": len(BODY)}}
TAGGER = {
    "id": "lab/tagger",
    "modelId": "lab/tagger",
    "sha": "c0ffee",
    "tags": [],
    "private": False,
    "siblings": [{"rfilename": "README.md"}, BIG],
}


@pytest.fixture(autouse=True)
def own_session():
    huggingface_hub.close_session()
    yield
    huggingface_hub.close_session()


@pytest.fixture
def hub():
    infos, cards = generated(25)
    infos["lab/tagger"], cards["lab/tagger"] = TAGGER, "# Tagger\nTells jets apart.\n"
    with Hub(infos, cards) as server:
        yield server


def settings_for(hub, tmp_path, **more):
    return Settings.from_environment({"FAIRREG_HOME": str(tmp_path / "home"), "HF_ENDPOINT": hub.url, **more})


@pytest.fixture
def settings(hub, tmp_path):
    return settings_for(hub, tmp_path)


@pytest.fixture
def web(settings):
    with HttpClient(
        settings, patience=RetryPolicy(retries=1, first_wait=0.001), sleep=lambda _: None
    ) as client:
        yield client


def fetched(web, name="lab/tagger"):
    return once.fetch(web, Identifier("huggingface", name))


def test_fetch_brings_the_info_with_its_card(web):
    found = fetched(web)
    assert json.loads(found.raw) == found.payload
    record = once.to_record(found.payload)
    assert record.description == "Tells jets apart."
    assert record.distributions[1].checksums == (f"sha256:{DIGEST}",)


def test_fetch_brings_the_files_of_results(hub, web):
    files = [".eval_results/hle.yaml", ".eval_results/gone.yaml", ".eval_results/notes.txt"]
    siblings = [*TAGGER["siblings"], *({"rfilename": name} for name in files)]
    hub.infos["lab/tagger"] = {**TAGGER, "siblings": siblings}
    hub.files["lab/tagger/.eval_results/hle.yaml"] = "- dataset: {id: cais/hle}\n  value: 20.90\n"
    found = fetched(web)
    assert list(found.payload["eval_results"]) == [".eval_results/hle.yaml"]
    (score,) = once.to_record(found.payload).evaluations
    assert (score.value, score.dataset) == ("20.90", "cais/hle")
    assert not any("notes.txt" in path for path, _ in hub.requests)


def test_a_renamed_repository_is_followed(hub, web):
    hub.renamed["old-tagger"] = "lab/tagger"
    assert fetched(web, "old-tagger").payload["info"]["id"] == "lab/tagger"


@pytest.mark.parametrize(
    ("query", "params"),
    [
        ("jet tagger", [("search", "jet tagger")]),
        ("tag:physics", [("filter", "physics")]),
        (
            "tag:license:mit tag:onnx bert",
            [("filter", "license:mit"), ("filter", "onnx"), ("search", "bert")],
        ),
        ('tag:"drug design" author:lab', [("filter", "drug design"), ("author", "lab")]),
        ("metatag:physics", [("search", "metatag:physics")]),
        ("tag: physics", [("search", "tag: physics")]),
        ("", []),
    ],
)
def test_a_query_may_name_tags_and_an_author(query, params):
    assert HubQuery.of(query).params == params


def test_two_authors_are_refused():
    with pytest.raises(UsageError, match="one author at a time"):
        HubQuery.of("author:a author:b")


def test_tags_and_authors_restrict_a_search_on_every_page(hub, web):
    hub.infos["lab/tagger"] = {**TAGGER, "tags": ["physics", "jets"]}
    for number in range(5):
        hub.infos[f"lab/other-{number}"] = {**TAGGER, "id": f"lab/other-{number}", "tags": ["physics"]}
    hub.order = list(hub.infos)

    def found(query):
        pages = HuggingFaceHarvester(cards=False).search(web, query, page_size=2)
        return [hit.payload["info"]["id"] for page in pages for hit in page.hits]

    assert found("tag:physics tag:jets") == ["lab/tagger"]
    assert len(found("tag:physics author:lab")) == 6
    assert len(found("author:lab other")) == 5
    assert found("tag:physics author:nobody") == []


def test_a_dataset_is_fetched_and_a_space_refused(hub, web):
    hub.datasets["lab/jets"] = {"id": "lab/jets", "sha": "1", "siblings": [{"rfilename": "README.md"}]}
    hub.cards["datasets/lab/jets"] = "Many jets."
    record = once.to_record(fetched(web, "datasets/lab/jets").payload)
    assert (record.kind, record.description) == ("dataset", "Many jets.")
    with pytest.raises(UsageError, match="Space"):
        fetched(web, "spaces/lab/demo")
    with pytest.raises(UsageError):
        fetched(web, "a/b/c")
    with pytest.raises(UsageError):
        once.fetch(web, Identifier("doi", "10.1000/x"))


def test_it_knows_the_addresses_of_the_hub():
    assert once.handles_url("https://huggingface.co/lab/tagger")
    assert once.handles_url("https://huggingface.co/datasets/lab/jets")
    assert not once.handles_url("https://example.org/lab/tagger")
    assert once.handles(parse("https://huggingface.co/lab/tagger/tree/main"))


@pytest.mark.parametrize(
    ("case", "error"),
    [
        ("missing repo", NotFound),
        ("missing or private repo, anonymous", NotFound),
        ("gated, anonymous", AccessDenied),
        ("gated, logged in", AccessDenied),
        ("bad token", AccessDenied),
        ("disabled", AccessDenied),
        ("forbidden", AccessDenied),
        ("rate limit", RateLimited),
        ("bad request", BadAnswer),
        ("fault", Unreachable),
        ("busy", Unreachable),
    ],
)
def test_each_refusal_of_the_hub_is_an_error_of_ours(hub, web, case, error):
    hub.faults["/api/models/lab/tagger"] = [case]
    with pytest.raises(error) as caught:
        fetched(web)
    assert caught.value.message.endswith(".")
    assert type(caught.value) is error


@pytest.mark.parametrize("case", ["fault", "busy", "rate limit"])
def test_a_fault_that_passes_is_waited_for(hub, web, case):
    hub.faults["/api/models/lab/tagger"] = [case]
    patient = HuggingFaceHarvester(policy=RetryPolicy(retries=1, first_wait=0.001))
    assert patient.fetch(web, Identifier("huggingface", "lab/tagger")).payload["info"]["id"] == "lab/tagger"


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"3", b"{", b'{"error": "x"}'])
def test_an_answer_in_another_language_is_none(hub, web, body):
    hub.faults["/api/models/lab/tagger"] = [lambda handler: handler.answer(200, body)]
    with pytest.raises(BadAnswer):
        fetched(web)


@pytest.mark.parametrize("body", [b"[1]", b'{"errors": 3}', b"\xff\xfe\x00"])
def test_a_refusal_in_another_language_is_a_refusal(hub, web, body):
    hub.faults["/api/models/lab/tagger"] = [lambda handler: handler.answer(500, body)]
    with pytest.raises(BadAnswer):
        fetched(web)


def twice_compressed(megabytes):
    """(body of the size, headers): a few bytes that say the size once they are decompressed twice."""
    blocks = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    megabyte = blocks.compress(bytes(2**20)) + blocks.flush(zlib.Z_FULL_FLUSH)
    inner = gzip.compress(b"")[:10] + megabyte * megabytes
    return gzip.compress(inner), {"Content-Encoding": "gzip, gzip"}


@pytest.mark.parametrize(("status", "error"), [(404, NotFound), (500, Unreachable), (200, BadAnswer)])
def test_an_answer_that_expands_without_limit_is_not_expanded(hub, web, status, error):
    body, headers = twice_compressed(400)
    hub.faults["/api/models/lab/tagger"] = [
        lambda handler: handler.answer(status, body, {**headers, "Content-Length": str(len(body))})
    ]
    tracemalloc.start()
    try:
        with pytest.raises(error):
            fetched(web)
        assert tracemalloc.get_traced_memory()[1] < 2**25
    finally:
        tracemalloc.stop()


def test_a_compressed_refusal_is_that_refusal(hub, web):
    body = gzip.compress(b'{"error": "gone"}')
    headers = {"Content-Encoding": "gzip", "Content-Length": str(len(body))}
    hub.faults["/api/models/lab/tagger"] = [lambda handler: handler.answer(404, body, headers)]
    with pytest.raises(NotFound):
        fetched(web)


def refused(status, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.answer(status, b"{}", named)


@pytest.mark.parametrize(
    "refusal",
    [
        refused(429, RateLimit='"api";r=0;t=100000'),
        refused(429, RateLimit="", Retry_After="100000"),
    ],
)
def test_a_wait_beyond_the_longest_is_said_and_not_waited_for(hub, settings, refusal):
    hub.faults["/api/models/lab/tagger"] = [refusal]
    waits = []
    with HttpClient(settings, sleep=waits.append) as web, pytest.raises(RateLimited, match="100000 s"):
        HuggingFaceHarvester().fetch(web, Identifier("huggingface", "lab/tagger"))
    assert (waits, len(hub.requests)) == ([], 1)


@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_that_the_hub_states_is_waited_for_with_a_line_in_the_log(hub, settings, status):
    hub.faults["/api/models/lab/tagger"] = [refused(status, Retry_After="7")]
    waits, lines = [], []
    with HttpClient(settings, sleep=waits.append, log=lines.append) as web:
        HuggingFaceHarvester(cards=False).fetch(web, Identifier("huggingface", "lab/tagger"))
    assert waits[0] == 7
    assert "7 s" in lines[0]


@pytest.mark.parametrize(
    "headers",
    [
        {"RateLimit": f'"api";r=0;t={"1" * 5000}'},
        {"RateLimit": "", "Retry_After": "9" * 400},
        {"RateLimit": "", "Retry_After": "\u00b2"},
        {"RateLimit": "", "Retry_After": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"},
    ],
)
def test_a_wait_that_is_no_sane_number_counts_as_none(hub, web, headers):
    hub.faults["/api/models/lab/tagger"] = [refused(429, **headers)]
    with pytest.raises(RateLimited) as caught:
        fetched(web)
    assert caught.value.retry_after == 300


def test_an_answer_that_breaks_off_is_unreachable(hub, web):
    def cut(handler):
        handler.answer(200, b"{", {"Content-Length": "100"})
        handler.close_connection = True

    hub.faults["/api/models/lab/tagger"] = [cut]
    with pytest.raises(Unreachable):
        fetched(web)


def test_nobody_there_is_unreachable(tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    settings = Settings.from_environment({"FAIRREG_HOME": str(tmp_path), "HF_ENDPOINT": url})
    with HttpClient(settings) as web, pytest.raises(Unreachable):
        fetched(web)


def test_offline_asks_nobody(hub, tmp_path, monkeypatch):
    with HttpClient(settings_for(hub, tmp_path, FAIRREG_OFFLINE="1")) as web, pytest.raises(Offline):
        fetched(web)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with HttpClient(settings_for(hub, tmp_path)) as web, pytest.raises(Offline):
        fetched(web)
    assert hub.requests == []


def test_pages_follow_the_cursor_and_resume(web):
    pages = list(once.search(web, "", page_size=10))
    assert [len(page.hits) for page in pages] == [10, 10, 6]
    assert pages[-1].cursor is None
    names = [hit.payload["info"]["id"] for page in pages for hit in page.hits]
    assert len(set(names)) == 26
    rest = list(once.search(web, "", page_size=10, cursor=pages[0].cursor))
    assert [hit for page in rest for hit in page.hits] == [hit for page in pages[1:] for hit in page.hits]
    assert all(json.loads(hit.raw) == hit.payload for page in pages for hit in page.hits)


def test_a_list_asks_for_what_a_record_needs_and_for_cards(hub, web):
    page = next(once.search(web, "tagger", limit=3))
    assert [hit.payload["card"] for hit in page.hits] == ["# Tagger\nTells jets apart.\n"]
    ((asked, _),) = hub.heard("/api/models")
    assert "search=tagger" in asked
    assert "sort=downloads" in asked
    assert "expand=safetensors" in asked
    assert "expand=evalResults" in asked
    assert "expand=downloads" not in asked
    assert [path for path, _ in hub.heard("/lab")] == ["/lab/tagger/resolve/c0ffee/README.md"]
    assert HuggingFaceHarvester(cards=False).to_record(page.hits[0].payload).name == "tagger"


def test_limit_and_since_end_a_list(hub, web):
    assert sum(len(page.hits) for page in once.search(web, "", limit=7, page_size=5)) == 7
    for number, info in enumerate(hub.infos.values()):
        hub.infos[info["id"]] = {**info, "lastModified": f"2024-01-{number + 1:02}T00:00:00.000Z"}
    pages = list(once.search(web, "", since=date(2024, 1, 20), page_size=5))
    days = [hit.payload["info"]["lastModified"][8:10] for page in pages for hit in page.hits]
    assert days == [f"{day:02}" for day in range(26, 19, -1)]
    assert pages[-1].cursor is None


def test_a_card_that_may_not_be_read_is_left_out(hub, web):
    path = "/lab/tagger/resolve/c0ffee/README.md"
    for case in ("gated, anonymous", "missing file"):
        hub.faults[path] = [case]
        assert fetched(web).payload["card"] is None
    hub.faults[path] = [lambda handler: handler.answer(302, b"", {"Location": "https://example.org/x"})]
    assert fetched(web).payload["card"] is None
    hub.faults[path] = ["busy"]
    with pytest.raises(Unreachable):
        fetched(web)


@pytest.mark.parametrize("cursor", ["x", "sort=createdAt", "cursor=abc"])
def test_what_is_no_cursor_is_refused(web, cursor):
    with pytest.raises(UsageError):
        next(once.search(web, "", cursor=cursor))


def test_a_list_that_never_moves_on_ends_with_an_error(hub, web):
    link = f'<{hub.url}/api/models?cursor=same>; rel="next"'
    same = [lambda handler: handler.answer(200, json.dumps([TAGGER]).encode(), {"Link": link})] * 3
    hub.faults["/api/models"] = same
    with pytest.raises(BadAnswer, match="repeating the same page"):
        list(once.search(web, ""))


def test_a_list_that_goes_round_ends_with_an_error(hub, web):
    def page(cursor):
        link = f'<{hub.url}/api/models?cursor={cursor}>; rel="next"'
        return lambda handler: handler.answer(200, json.dumps([TAGGER]).encode(), {"Link": link})

    hub.faults["/api/models"] = [page(cursor) for cursor in "ABAB"]
    with pytest.raises(BadAnswer, match="repeating the same page"):
        list(once.search(web, ""))
    assert len(hub.heard("/api/models?")) == 3


def test_a_list_that_is_none_is_a_bad_answer(hub, web):
    hub.faults["/api/models"] = [lambda handler: handler.answer(200, b"{}")]
    with pytest.raises(BadAnswer):
        list(once.search(web, ""))


def test_a_harvest_is_resumed_after_a_break_and_changes_nothing_twice(hub, settings, monkeypatch):
    monkeypatch.setattr(harvesters.get("huggingface"), "_policy", RetryPolicy(retries=0))
    monkeypatch.setattr(HuggingFaceHarvester, "guest_page_limit", 10)
    hub.faults["/api/models"] = [
        lambda handler: handler.list_models(parse_qs(urlsplit(handler.path).query)),
        "fault",
    ]
    with pytest.raises(Unreachable):
        harvest(settings, "huggingface")
    resumed = harvest(settings, "huggingface")
    assert (resumed.resumed, resumed.seen, resumed.refused) == (True, 16, [])
    again = harvest(settings, "huggingface")
    assert (again.new, again.unchanged) == (0, 26)


@contextmanager
def logged():
    """Everything that huggingface_hub logs, whatever its level."""
    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(handler.format(record))
    logger = logging.getLogger("huggingface_hub")
    level, logger.level = logger.level, logging.DEBUG
    logger.addHandler(handler)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def test_the_token_goes_to_the_hub_and_into_nothing_else(hub, tmp_path, capfd):
    settings = settings_for(hub, tmp_path, HF_TOKEN=TOKEN)
    hub.faults["/api/models/lab/secret"] = ["bad token"]
    with logged() as lines, HttpClient(settings) as web:
        with pytest.raises(AccessDenied) as caught:
            fetched(web, "lab/secret")
        harvest(settings, "huggingface", log=lines.append)
    assert all(headers["Authorization"] == f"Bearer {TOKEN}" for _, headers in hub.requests)
    with Registry(settings=settings) as registry:
        told = [
            str(item)
            for entry in registry.listing.entries_for("lab/tagger")
            for item in registry.statements.of_entry(entry)
        ]
    kept = b"".join(path.read_bytes() for path in settings.home.rglob("*") if path.is_file())
    chain = [repr(error) + str(error) for error in (caught.value, caught.value.__cause__)]
    assert TOKEN not in "".join([*lines, *told, *chain, *capfd.readouterr(), repr(settings)])
    assert TOKEN.encode() not in kept
    assert told


def test_the_token_leaves_neither_with_a_redirect_nor_with_a_file(hub, tmp_path):
    settings = settings_for(hub, tmp_path, HF_TOKEN=TOKEN)
    with Hub(files={"cdn/x/file": BODY}) as cdn, HttpClient(settings) as web:
        hub.faults["/api/models/lab/tagger"] = [
            lambda handler: handler.answer(302, b"", {"Location": f"{cdn.url}/api/models/lab/tagger"})
        ]
        with pytest.raises(UnsafeAddress):
            fetched(web)
        assert cdn.requests == []


@pytest.mark.parametrize(
    "target", ["http://[bad", "//a:b:c/x", "/a\x01b", "file:///etc/passwd", "http://\\@x/"]
)
def test_a_redirect_of_the_hub_to_a_malformed_address_is_refused(hub, tmp_path, target):
    hub.faults["/api/models/lab/tagger"] = [lambda handler: handler.answer(302, b"", {"Location": target})]
    with (
        HttpClient(settings_for(hub, tmp_path)) as web,
        pytest.raises(UnsafeAddress, match="Refused to follow"),
    ):
        fetched(web)


def test_user_and_password_of_the_endpoint_are_sent_to_it_and_told_nowhere(hub, tmp_path):
    base = hub.url.replace("://", "://me:pass%40word@")
    settings = Settings.from_environment(
        {"FAIRREG_HOME": str(tmp_path), "HF_ENDPOINT": base, "HF_TOKEN": TOKEN}
    )
    with HttpClient(settings) as web:
        assert "word" not in fetched(web).url
    expected = "Basic " + base64.b64encode(b"me:pass@word").decode()
    assert hub.heard("/api/models/lab/tagger")[0][1]["Authorization"] == expected


@pytest.mark.parametrize("said", ["bob:hunter2secret", "hunter2secret", "hunter2%73ecret"])
@pytest.mark.parametrize("status", [400, 403])
def test_a_password_that_the_hub_sends_back_is_not_quoted(hub, tmp_path, said, status):
    hub.faults["/api/models/lab/tagger"] = [refused(status, X_Error_Message=f"Bad login {said}")]
    own = hub.url.replace("://", "://bob:hunter2secret@")
    with (
        HttpClient(settings_for(hub, tmp_path, HF_ENDPOINT=own)) as web,
        pytest.raises(FairregError) as caught,
    ):
        fetched(web)
    told = f"{caught.value} {caught.value.hint}"
    assert "Bad login (access token)" in told
    assert "hunter2" not in told


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_certificates_for_the_hub_that_are_not_there_are_named(hub, tmp_path, monkeypatch, content):
    path = tmp_path / "certificates.pem"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with (
        HttpClient(settings_for(hub, tmp_path)) as web,
        pytest.raises(FairregError, match="certificates") as caught,
    ):
        fetched(web)
    assert (caught.value.exit_code, "SSL_CERT_FILE" in str(caught.value.hint)) == (1, True)


def test_a_file_comes_from_the_cdn_with_its_digest_and_without_the_token(hub, tmp_path):
    """services/download.py over Web is enough: huggingface_hub's own downloader is not needed."""
    with Hub(files={"cdn/x/file": BODY}) as cdn:
        hub.elsewhere["lab/tagger/model.onnx"] = f"{cdn.url}/cdn/x/resolve/1/file"
        # The CDN is at a private address here, which only a configured service may have.
        settings = settings_for(hub, tmp_path, HF_TOKEN=TOKEN, FAIRREG_GITHUB_URL=cdn.url)
        with HttpClient(settings) as web:
            item = once.to_record(fetched(web).payload).distributions[1]
            done = download(web, Cache(settings.cache), item)
        assert (done.verified, done.checksum) == (True, f"sha256:{DIGEST}")
        ((_, headers),) = cdn.requests
        assert "Authorization" not in headers
        assert hub.heard("/lab/tagger/resolve/c0ffee/model.onnx")[0][1]["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("token", "case", "said"),
    [
        ("", "gated, anonymous", "signed in, then set HF_TOKEN to a token of that account."),
        (TOKEN, "gated, logged in", "The account of the token in HF_TOKEN needs access"),
    ],
)
def test_a_refused_file_of_a_gated_model_says_how_to_get_access(hub, tmp_path, token, case, said):
    hub.infos["lab/tagger"] = {**TAGGER, "gated": "manual"}
    hub.faults["/lab/tagger/resolve/c0ffee/model.onnx"] = [case]
    settings = settings_for(hub, tmp_path, **({"HF_TOKEN": token} if token else {}))
    with pytest.raises(AccessDenied, match=r"^huggingface:lab/tagger is gated\. .* refused access") as caught:
        fetch(settings, "https://huggingface.co/lab/tagger", patterns=["*.onnx"])
    assert said in caught.value.hint
    assert "accept the conditions at https://huggingface.co/lab/tagger" in caught.value.hint.lower()


def test_the_files_of_a_gated_model_come_with_the_right_to_them(hub, tmp_path):
    hub.infos["lab/tagger"] = {**TAGGER, "gated": "auto"}
    hub.files["lab/tagger/model.onnx"] = BODY
    found = fetch(settings_for(hub, tmp_path), "https://huggingface.co/lab/tagger", patterns=["*.onnx"])
    assert [item.file.path.read_bytes() for item in found.files] == [BODY]


def test_a_doi_of_the_hub_leads_through_datacite_to_the_hub(hub, tmp_path, httpserver):
    document = {"data": {"id": "10.57967/hf/7", "type": "dois", "attributes": {
        "doi": "10.57967/hf/7", "titles": [{"title": "tagger"}], "url": "https://huggingface.co/lab/tagger",
        "types": {"resourceTypeGeneral": "Model"}, "state": "findable",
    }}}  # fmt: skip
    httpserver.expect_request("/dois/10.57967/hf/7").respond_with_json(document)
    settings = settings_for(hub, tmp_path, FAIRREG_DATACITE_URL=httpserver.url_for("").rstrip("/"))
    with HttpClient(settings) as web:
        found = resolve(web, "10.57967/hf/7")
    assert found.source.record.identifier == "huggingface:lab/tagger"


def test_a_mirror_below_a_path_keeps_its_redirects(hub, tmp_path):
    settings = Settings.from_environment({"FAIRREG_HOME": str(tmp_path), "HF_ENDPOINT": f"{hub.url}/mirror"})
    hub.faults["/mirror/api/models/old"] = [
        lambda handler: handler.answer(307, b"", {"Location": "/api/models/lab/tagger"})
    ]
    hub.faults["/mirror/api/models/lab/tagger"] = [
        lambda handler: handler.answer(200, json.dumps({**TAGGER, "siblings": []}).encode())
    ]
    with HttpClient(settings) as web:
        assert fetched(web, "old").payload["info"]["id"] == "lab/tagger"


@pytest.mark.parametrize(
    ("path", "pid", "named"),
    [
        ("/api/models/lab/tagger", "lab/tagger", "The Hub has no model lab/tagger, or it is private."),
        ("/api/datasets/lab/jets", "datasets/lab/jets", "The Hub has no dataset lab/jets, or it is private."),
    ],
)
def test_what_is_missing_is_named_as_what_it_is(hub, web, path, pid, named):
    hub.faults[path] = [lambda handler: handler.answer(404, b"{}", {"X-Error-Code": "RepoNotFound"})]
    with pytest.raises(NotFound) as caught:
        fetched(web, pid)
    assert caught.value.message == named


def test_a_missing_search_is_no_missing_model(hub, web):
    hub.faults["/api/models"] = [lambda handler: handler.answer(404, b"{}", {"X-Error-Code": "None"})]
    with pytest.raises(NotFound, match=r"The Hub has no search of models at .*/api/models") as caught:
        list(once.search(web, "jets"))
    assert caught.value.hint == "Check HF_ENDPOINT, if it is set."


def test_a_list_goes_on_without_the_card_that_the_hub_fails_on(hub, web, monkeypatch):
    def failing(_self, info, *, dataset):
        if info["id"] == "lab/tagger":
            raise Unreachable("The Hub has a fault of its own (HTTP 500).")
        return f"# Card, {dataset}"

    monkeypatch.setattr(api.Hub, "card", failing)
    pages = list(once.search(web, ""))
    (noted,) = [page for page in pages if page.note]
    assert "lab/tagger" in noted.note
    cards = {hit.payload["info"]["id"]: hit.payload["card"] for page in pages for hit in page.hits}
    assert cards.pop("lab/tagger") is None
    assert all(cards.values())


def test_a_hub_that_gives_no_card_stops_the_list(hub, web, monkeypatch):
    def failing(_self, _info, *, dataset):
        raise Unreachable(f"The Hub has a fault of its own (HTTP 500, {dataset}).")

    monkeypatch.setattr(api.Hub, "card", failing)
    with pytest.raises(Unreachable):
        list(once.search(web, ""))
