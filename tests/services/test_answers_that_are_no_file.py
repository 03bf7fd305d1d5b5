# SPDX-License-Identifier: MIT
"""Answers of a file's server that are not the file, or not the part of it that was requested."""

import hashlib

import pytest
from werkzeug import Response

from fairreg.errors import BadAnswer, ChecksumMismatch, Unreachable
from fairreg.schemas.record import Distribution
from fairreg.services.fetch.download import download
from fairreg.storage.cache import Cache
from support.ranges import requested_ranges

pytestmark = pytest.mark.engines("sqlite")  # nothing here opens a registry

CONTENT = bytes(range(256)) * 8
MD5 = f"md5:{hashlib.md5(CONTENT).hexdigest()}"
URL = "https://zenodo.org/files/a.bin"
BARE = Distribution(name="a.bin", url=URL)
CHECKED = Distribution(name="a.bin", url=URL, checksums=(MD5,))


@pytest.fixture
def cache(settings):
    return Cache(settings.cache)


@pytest.fixture
def serve(httpserver):
    """Answer the requests for the file, given their Range header; gives the list of these headers."""

    def start(answer):
        def handle(request):
            assert len(ranges) < 10, "the requests have no end"
            return answer(ranges[-1])

        ranges = requested_ranges(httpserver, "/zenodo/files/a.bin", handle)
        return ranges

    return start


def part_of(start, last, total, status=206):
    headers = {"Content-Range": f"bytes {start}-{last}/{total}"}
    return Response(CONTENT[start : last + 1], status=status, headers=headers)


@pytest.mark.parametrize("stated", [len(CONTENT) + 10, 2 * len(CONTENT)])
def test_a_stated_size_that_the_file_has_not_ends_the_download(web, cache, serve, stated):
    ranges = serve(lambda wanted: Response(status=416) if wanted else Response(CONTENT))
    with pytest.raises(ChecksumMismatch, match=f"{len(CONTENT)} bytes; its record states {stated}"):
        download(web, cache, Distribution(name="a.bin", url=URL, size=stated, checksums=(MD5,)))
    assert ranges == [None, f"bytes={len(CONTENT)}-"]


def test_a_part_of_another_file_is_begun_anew_once(web, cache, serve):
    cache.partial(MD5).write_bytes(CONTENT)
    sized = Distribution(name="a.bin", url=URL, size=len(CONTENT) + 10, checksums=(MD5,))
    ranges = serve(lambda wanted: Response(status=416) if wanted else Response(CONTENT))
    with pytest.raises(Unreachable):
        download(web, cache, sized)
    assert len(ranges) <= 3


@pytest.mark.parametrize("size", [None, len(CONTENT)])
@pytest.mark.parametrize("status", [416, 206])
def test_a_server_that_cuts_and_cannot_resume_is_asked_a_few_times(web, cache, serve, size, status):
    def cut(wanted):
        if wanted:
            return Response(b"junk", status=status)
        return Response(iter([CONTENT[:500]]), headers={"Content-Length": str(len(CONTENT))})

    ranges = serve(cut)
    with pytest.raises(Unreachable):
        download(web, cache, Distribution(name="a.bin", url=URL, size=size, checksums=(MD5,)))
    assert len(ranges) <= 4
    assert cache.partial(MD5).read_bytes() == CONTENT[:500]


@pytest.mark.parametrize(
    "answer",
    [
        Response(b"moved", status=302),
        Response(b"moved", status=300),
        Response(status=304),
        Response(status=204),
        Response(b'{"status": "preparing"}', status=202),
        Response(b"another", status=203),
        part_of(100, 299, len(CONTENT)),
        part_of(0, 299, len(CONTENT)),
        part_of(0, 299, "*"),
        Response(CONTENT, status=206),
        Response(b"<p>Log in", headers={"Content-Type": "Text/HTML; charset=utf-8"}),
        Response(b"<p>Log in", headers={"Content-Type": "application/xhtml+xml"}),
    ],
    ids=lambda answer: f"{answer.status_code}-{answer.headers.get('Content-Range', answer.mimetype)}",
)
def test_an_answer_that_is_not_the_file_is_not_taken_for_it(web, cache, serve, answer):
    serve(lambda _wanted: answer)
    with pytest.raises(BadAnswer) as caught:
        download(web, cache, BARE)
    assert caught.value.exit_code == 4


def test_a_whole_file_in_an_unrequested_part_is_taken(web, cache, serve):
    serve(lambda _wanted: part_of(0, len(CONTENT) - 1, len(CONTENT)))
    assert download(web, cache, BARE).file.path.read_bytes() == CONTENT


@pytest.mark.parametrize(
    "answer",
    [
        Response(CONTENT[1000:], status=206),
        part_of(500, len(CONTENT) - 1, len(CONTENT)),
        part_of(1000, 1200, len(CONTENT)),
        Response(CONTENT[1000:], status=206, headers={"Content-Range": "bytes 1000-x/y"}),
        Response(status=204),
    ],
)
def test_a_part_that_was_not_requested_leaves_what_is_there(web, cache, serve, answer):
    cache.partial(MD5).write_bytes(CONTENT[:1000])
    ranges = serve(lambda _wanted: answer)
    with pytest.raises(BadAnswer):
        download(web, cache, CHECKED)
    assert cache.partial(MD5).read_bytes() == CONTENT[:1000]
    assert ranges[0] == "bytes=1000-"


def test_a_server_without_right_ranges_sends_the_whole_file(web, cache, serve):
    cache.partial(MD5).write_bytes(CONTENT[:1000])
    ranges = serve(lambda wanted: Response(b"junk", status=206) if wanted else Response(CONTENT))
    assert download(web, cache, CHECKED).file.path.read_bytes() == CONTENT
    assert ranges == ["bytes=1000-", None]


def test_a_server_that_sends_less_than_requested_is_asked_for_the_rest(web, cache, serve):
    cache.partial(MD5).write_bytes(CONTENT[:1000])
    sized = Distribution(name="a.bin", url=URL, size=len(CONTENT), checksums=(MD5,))

    def sparing(wanted):
        start = int(wanted.removeprefix("bytes=").rstrip("-"))
        return part_of(start, min(start + 499, len(CONTENT) - 1), len(CONTENT))

    ranges = serve(sparing)
    assert download(web, cache, sized).file.path.read_bytes() == CONTENT
    assert ranges == ["bytes=1000-", "bytes=1500-", "bytes=2000-"]


@pytest.mark.parametrize("status", [300, 302, 304])
def test_a_redirect_that_leads_nowhere_is_no_record(web, httpserver, status):
    httpserver.expect_request("/zenodo/api/records/1").respond_with_data('{"id": 1}', status=status)
    with pytest.raises(BadAnswer, match="leads nowhere"):
        web.get("https://zenodo.org/api/records/1")
    with pytest.raises(BadAnswer, match="leads nowhere"):
        web.location("https://zenodo.org/api/records/1")


@pytest.mark.parametrize("size", [None, len(CONTENT)])
@pytest.mark.parametrize("encoding", ["identity", "Identity", "br", "aws-chunked", "gzip"])
def test_a_checksum_that_differs_is_the_message_under_any_encoding(web, cache, serve, encoding, size):
    serve(lambda _wanted: Response(CONTENT[::-1], headers={"Content-Encoding": encoding}))
    with pytest.raises(ChecksumMismatch, match="its md5 is") as caught:
        download(web, cache, Distribution(name="a.bin", url=URL, size=size, checksums=(MD5,)))
    assert caught.value.exit_code == 3


def test_a_file_labelled_identity_of_another_size_is_a_mismatch(web, cache, serve):
    serve(lambda _wanted: Response(CONTENT[:-1] + b"xx", headers={"Content-Encoding": "identity"}))
    with pytest.raises(ChecksumMismatch, match="its record states"):
        download(web, cache, Distribution(name="a.bin", url=URL, size=len(CONTENT), checksums=(MD5,)))
