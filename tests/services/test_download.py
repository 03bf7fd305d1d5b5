# SPDX-License-Identifier: MIT
import gzip
import hashlib
import os
import re
import socketserver
import threading
import zlib

import pytest
from msgspec.structs import replace
from werkzeug import Response

from fairreg.errors import (
    BadAnswer,
    ChecksumMismatch,
    Gone,
    NotFound,
    RateLimited,
    SecurityRefusal,
    Unreachable,
    UnsafeAddress,
)
from fairreg.schemas.record import Distribution
from fairreg.services.fetch import download as downloads
from fairreg.services.fetch.download import cached_copy, download, keys_of
from fairreg.services.fetch.files.selection import select
from fairreg.services.fetch.placement import place
from fairreg.services.fetch.transfer import content_encoding, stream
from fairreg.settings import Settings
from fairreg.storage import cache as cache_module
from fairreg.storage.cache import Cache
from fairreg.web import HttpClient
from support.ranges import requested_ranges

pytestmark = pytest.mark.engines("sqlite")  # nothing here opens a registry

CONTENT = bytes(range(256)) * 2000
MD5 = hashlib.md5(CONTENT).hexdigest()


@pytest.fixture
def cache(settings):
    return Cache(settings.cache)


@pytest.fixture
def distribution():
    """A file of Zenodo, under its public address; the settings send the request to the local server."""
    return Distribution(
        name="org/weights.onnx",
        url="https://zenodo.org/api/records/1/files/weights.onnx/content",
        size=len(CONTENT),
        checksums=(f"md5:{MD5}",),
    )


@pytest.fixture
def serve(httpserver):
    """Serve the file with the given handler or data; gives the list of Range headers that were sent."""

    def start(answer):
        return requested_ranges(
            httpserver,
            "/zenodo/api/records/1/files/weights.onnx/content",
            answer if callable(answer) else lambda _request: Response(answer),
        )

    return start


def with_ranges(request):
    match = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
    if match is None:
        return Response(CONTENT)
    start = int(match[1])
    headers = {"Content-Range": f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"}
    return Response(CONTENT[start:], status=206, headers=headers)


@pytest.fixture
def of_cern(distribution):
    """The same file as CERN Open Data states it."""
    return replace(distribution, checksums=(f"adler32:{zlib.adler32(CONTENT):x}",))


def test_an_adler32_is_compared_and_named_for_what_it_excludes(web, cache, of_cern, serve):
    serve(CONTENT)
    found = download(web, cache, of_cern)
    assert (found.verified, found.checksum) == (True, f"adler32:{zlib.adler32(CONTENT):08x}")
    assert found.checked_for == "transmission errors"
    assert download(web, cache, of_cern).from_cache


def test_a_wrong_adler32_is_refused(web, cache, of_cern, serve):
    serve(CONTENT[:-1] + b"x")
    with pytest.raises(ChecksumMismatch, match="adler32") as caught:
        download(web, cache, of_cern)
    assert caught.value.exit_code == 3
    assert nothing_final(cache)


def test_an_adler32_without_its_leading_zeros_is_the_same(web, cache, serve):
    serve(b"a")
    short = Distribution(
        name="a",
        url="https://zenodo.org/api/records/1/files/weights.onnx/content",
        checksums=("adler32:620062",),
    )
    assert download(web, cache, short).checksum == "adler32:00620062"


def test_two_files_of_one_adler32_are_never_taken_for_each_other(web, cache, of_cern, serve, httpserver):
    other = CONTENT.replace(b"\2\3\4", b"\3\1\5")
    assert zlib.adler32(other) == zlib.adler32(CONTENT)
    serve(CONTENT)
    download(web, cache, of_cern)
    httpserver.expect_request("/zenodo/other").respond_with_data(other)
    found = download(web, cache, replace(of_cern, url="https://zenodo.org/other"))
    assert found.file.path.read_bytes() == other


def nothing_final(cache):
    return cache.info().files == 0


def test_a_file_is_downloaded_verified_and_cached(web, cache, distribution, serve):
    serve(CONTENT)
    seen = []
    first = download(web, cache, distribution, progress=lambda name, done, total: seen.append((done, total)))
    assert first.file.path.read_bytes() == CONTENT
    assert first.file.path.name == "weights.onnx"
    assert (first.verified, first.from_cache, first.checksum) == (True, False, f"md5:{MD5}")
    assert seen[-1] == (len(CONTENT), len(CONTENT))


def test_a_second_fetch_uses_the_cache_and_asks_nobody(web, cache, distribution, serve):
    ranges = serve(CONTENT)
    download(web, cache, distribution)
    again = download(web, cache, distribution)
    assert again.from_cache
    assert len(ranges) == 1


def test_a_download_that_stopped_is_resumed_where_it_stopped(web, cache, distribution, serve):
    ranges = serve(with_ranges)
    cache.partial(f"md5:{MD5}").write_bytes(CONTENT[:1000])
    assert download(web, cache, distribution).file.path.read_bytes() == CONTENT
    assert ranges == ["bytes=1000-"]


def test_a_server_without_ranges_sends_the_whole_file_again(web, cache, distribution, serve):
    serve(CONTENT)
    cache.partial(f"md5:{MD5}").write_bytes(b"x" * 1000)
    assert download(web, cache, distribution).file.path.read_bytes() == CONTENT


def test_a_part_of_another_file_is_noticed_and_discarded(web, cache, distribution, serve):
    serve(with_ranges)
    cache.partial(f"md5:{MD5}").write_bytes(b"x" * 1000)
    with pytest.raises(ChecksumMismatch):
        download(web, cache, distribution)
    assert nothing_final(cache)
    assert download(web, cache, distribution).verified


def test_without_a_published_checksum_nothing_is_resumed_and_nothing_called_verified(
    web, cache, distribution, serve
):
    ranges = serve(with_ranges)
    bare = Distribution(name=distribution.name, url=distribution.url)
    cache.partial(f"url:{bare.url}:None").write_bytes(b"x" * 1000)
    got = download(web, cache, bare)
    assert got.file.path.read_bytes() == CONTENT
    assert ranges == [None]
    assert not got.verified
    assert got.checksum == f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


def test_a_wrong_checksum_is_refused_and_leaves_nothing(web, cache, distribution, serve):
    serve(CONTENT[:-1] + b"\0")
    with pytest.raises(ChecksumMismatch, match="is not the published file") as caught:
        download(web, cache, distribution)
    assert caught.value.exit_code == 3
    assert nothing_final(cache)
    assert not cache.partial(f"md5:{MD5}").exists()


def test_more_bytes_than_published_are_refused_before_they_fill_the_disk(web, cache, distribution, serve):
    serve(CONTENT + bytes(10 * 2**20))
    with pytest.raises(ChecksumMismatch, match="its record states"):
        download(web, cache, distribution)
    assert nothing_final(cache)


def test_a_complete_answer_that_is_too_short_is_unreachable_and_keeps_the_part(
    web, cache, distribution, serve
):
    serve(CONTENT[:5000])
    with pytest.raises(Unreachable, match="stopped at") as caught:
        download(web, cache, distribution)
    assert caught.value.exit_code == 4
    assert nothing_final(cache)


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, NotFound), (410, Gone), (500, Unreachable), (503, Unreachable), (429, RateLimited)],
)
def test_what_the_server_refuses_is_one_sentence_and_leaves_nothing(
    web, cache, distribution, serve, status, error
):
    serve(lambda _request: Response(b"{}", status=status, headers={"Retry-After": "3600"}))
    with pytest.raises(error) as caught:
        download(web, cache, distribution)
    assert caught.value.hint or error is Gone
    assert nothing_final(cache)


def test_a_page_instead_of_a_file_is_a_bad_answer(web, cache, distribution, serve):
    serve(lambda _request: Response("<html>maintenance</html>", mimetype="text/html"))
    with pytest.raises(BadAnswer, match="HTML page"):
        download(web, cache, distribution)
    assert nothing_final(cache)


def test_a_redirect_to_a_private_address_is_refused(web, cache, distribution, serve):
    serve(lambda _request: Response(status=302, headers={"Location": "http://127.0.0.1:9/secret"}))
    with pytest.raises(UnsafeAddress, match="private address") as caught:
        download(web, cache, distribution)
    assert caught.value.exit_code == 3
    assert nothing_final(cache)


def test_a_connection_that_breaks_is_taken_up_again(cache, settings):
    """A server that closes after 200,000 bytes each time, and honours Range."""
    requests = []

    class Breaking(socketserver.BaseRequestHandler):
        def handle(self):
            head = self.request.recv(65536).decode()
            found = re.search(r"Range: bytes=(\d+)-", head)
            start = int(found[1]) if found else 0
            requests.append(start)
            status = "206 Partial Content" if found else "200 OK"
            rest = CONTENT[start:]
            self.request.sendall(
                f"HTTP/1.1 {status}\r\nContent-Range: bytes {start}-511999/512000\r\n"
                f"Content-Length: {len(rest)}\r\nConnection: close\r\n\r\n".encode()
                + rest[:200_000]
            )

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Breaking) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        host = f"http://127.0.0.1:{server.server_address[1]}"
        broken = Distribution(
            name="a.bin",
            url=f"{host}/a.bin",
            size=len(CONTENT),
            checksums=(f"md5:{MD5}",),
        )
        own = {"FAIRREG_HOME": str(settings.home), "FAIRREG_GITHUB_URL": host}
        with HttpClient(Settings.from_environment(own)) as web:
            assert download(web, cache, broken).file.path.read_bytes() == CONTENT
        server.shutdown()
    assert requests == [0, 200_000, 400_000]


def test_select_matches_names_and_last_parts(distribution):
    other = Distribution(name="notes.txt")
    assert select([distribution, other], ["*.onnx"]) == [distribution]
    assert select([distribution, other], ["org/*"]) == [distribution]
    assert select([distribution, other], []) == [distribution, other]
    with pytest.raises(NotFound, match="No file matches") as caught:
        select([distribution, other], ["*.pb"])
    assert "notes.txt" in caught.value.hint


def test_output_never_overwrites_another_file(web, cache, distribution, serve, tmp_path):
    serve(CONTENT)
    got = download(web, cache, distribution)
    out = tmp_path / "out"
    assert place([got], out)[distribution].read_bytes() == CONTENT
    place([got], out)
    (out / "weights.onnx").write_bytes(b"mine")
    with pytest.raises(Exception, match="exists with different content"):
        place([got], out)
    assert (out / "weights.onnx").read_bytes() == b"mine"


def git_blob(content):
    return f"git-blob-sha1:{hashlib.sha1(b'blob %d' % len(content) + bytes(1) + content).hexdigest()}"


def in_git(distribution, content, **more):
    return Distribution(
        name=distribution.name,
        url=distribution.url,
        size=len(content),
        checksums=(git_blob(content),),
        **more,
    )


def test_gits_digest_is_that_of_git(distribution):
    # `printf 'hello\n' | git hash-object --stdin`
    assert git_blob(b"hello\n") == "git-blob-sha1:ce013625030ba8dba906f756967f9e9ca394464a"


def test_a_file_is_verified_by_gits_digest_and_resumed(web, cache, distribution, serve):
    ranges = serve(with_ranges)
    wanted = in_git(distribution, CONTENT)
    cache.partial(wanted.checksums[0]).write_bytes(CONTENT[:1000])
    got = download(web, cache, wanted)
    assert (got.verified, got.checksum) == (True, wanted.checksums[0])
    assert ranges == ["bytes=1000-"]
    assert download(web, cache, wanted).from_cache


def test_a_file_that_is_not_the_one_in_git_is_refused(web, cache, distribution, serve):
    serve(CONTENT[:-1] + b"\0")
    with pytest.raises(ChecksumMismatch, match="git-blob-sha1"):
        download(web, cache, in_git(distribution, CONTENT))
    assert nothing_final(cache)


def test_a_pointer_of_git_lfs_is_not_the_file(web, cache, distribution, serve):
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"
    serve(pointer)
    with pytest.raises(NotFound, match="only a Git LFS pointer") as caught:
        download(web, cache, in_git(distribution, pointer))
    assert "git lfs pull" in caught.value.hint
    assert nothing_final(cache)


def test_a_page_in_the_middle_of_a_download_loses_nothing_of_it(web, cache, distribution, serve):
    part = cache.partial(f"md5:{MD5}")
    part.write_bytes(CONTENT[:1000])
    serve(lambda _request: Response("<html>maintenance</html>", mimetype="text/html"))
    with pytest.raises(BadAnswer):
        download(web, cache, distribution)
    assert part.read_bytes() == CONTENT[:1000]


def test_a_part_that_is_longer_than_the_file_is_begun_anew(web, cache, distribution, serve):
    unsized = Distribution(name=distribution.name, url=distribution.url, checksums=distribution.checksums)
    cache.partial(f"md5:{MD5}").write_bytes(b"x" * (len(CONTENT) + 1))

    def handle(request):
        return Response(status=416) if request.headers.get("Range") else Response(CONTENT)

    serve(handle)
    assert download(web, cache, unsized).file.path.read_bytes() == CONTENT


def test_a_cached_file_never_stands_for_a_checksum_that_it_has_not(web, cache, distribution, serve):
    serve(CONTENT)
    download(web, cache, distribution)
    for other in (
        Distribution(name="a", url=distribution.url, checksums=(f"md5:{MD5}", f"sha256:{'0' * 64}")),
        Distribution(name="a", url=distribution.url, size=5, checksums=(f"md5:{MD5}",)),
    ):
        assert cached_copy(cache, other) is None


def test_the_same_bytes_under_two_names_keep_both_names(web, cache, distribution, serve, tmp_path):
    serve(CONTENT)
    other = Distribution(
        name="other.pth", url=distribution.url, size=len(CONTENT), checksums=distribution.checksums
    )
    files = [download(web, cache, item) for item in (distribution, other)]
    assert [item.file.path.name for item in files] == ["weights.onnx", "other.pth"]
    placed = place(files, tmp_path / "out")
    assert {path.name for path in placed.values()} == {"weights.onnx", "other.pth"}
    assert all(path.read_bytes() == CONTENT for path in placed.values())


def test_two_files_with_one_last_name_keep_their_folders(web, cache, distribution, serve, tmp_path):
    serve(CONTENT)
    other = Distribution(
        name="other/weights.onnx", url=distribution.url, size=len(CONTENT), checksums=distribution.checksums
    )
    placed = place([download(web, cache, item) for item in (distribution, other)], tmp_path / "out")
    assert placed[other] == tmp_path / "out/other/weights.onnx"
    assert placed[distribution] == tmp_path / "out/org/weights.onnx"


def test_an_empty_file_is_a_file(web, cache, serve):
    serve(b"")
    empty = Distribution(
        name="empty",
        url="https://zenodo.org/api/records/1/files/weights.onnx/content",
        size=0,
        checksums=(f"md5:{hashlib.md5(b'').hexdigest()}",),
    )
    assert download(web, cache, empty).file.size == 0


def test_a_file_of_unstated_size_has_a_limit(web, cache, distribution, serve, monkeypatch):
    monkeypatch.setattr("fairreg.services.fetch.download.MAX_UNSTATED", 100_000)
    serve(CONTENT)
    with pytest.raises(SecurityRefusal, match="exceeds the limit"):
        download(web, cache, Distribution(name="a", url=distribution.url))
    assert nothing_final(cache)


PLAIN = b"pt,eta\n1,2\n" * 300
PACKED = gzip.compress(PLAIN, mtime=0)


def of_content(content, name="data.csv.gz", **more):
    url = "https://zenodo.org/api/records/1/files/weights.onnx/content"
    checksums = (f"md5:{hashlib.md5(content).hexdigest()}",)
    return Distribution(**{"name": name, "url": url, "size": len(content), "checksums": checksums, **more})


def labelled(body, encoding):
    return lambda _request: Response(body, headers={"Content-Encoding": encoding})


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP", "br", "zstd", "compress"])
def test_a_packed_file_with_a_label_is_kept_as_published(web, cache, serve, encoding):
    serve(labelled(PACKED, encoding))
    assert download(web, cache, of_content(PACKED)).file.path.read_bytes() == PACKED


def test_without_size_and_checksum_a_body_is_kept_as_sent(web, cache, serve):
    serve(labelled(PACKED, "gzip"))
    bare = of_content(PACKED, size=None, checksums=())
    assert download(web, cache, bare).file.path.read_bytes() == PACKED


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (PACKED, "gzip"),
        (gzip.compress(PLAIN[:100], mtime=0) + gzip.compress(PLAIN[100:], mtime=0), "x-gzip"),
        (zlib.compress(PLAIN), "deflate"),
        (zlib.compress(PLAIN)[2:-4], "deflate"),
    ],
)
@pytest.mark.parametrize("more", [{}, {"checksums": ()}, {"size": None}])
def test_a_file_that_is_packed_on_the_way_comes_out_as_published(web, cache, serve, body, encoding, more):
    serve(labelled(body, encoding))
    assert download(web, cache, of_content(PLAIN, "data.csv", **more)).file.path.read_bytes() == PLAIN


def test_random_bytes_that_packing_makes_longer_come_out_too(web, cache, serve):
    content = hashlib.shake_256(b"x").digest(300_000)
    serve(labelled(gzip.compress(content), "gzip"))
    assert download(web, cache, of_content(content, "x")).file.path.read_bytes() == content


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(gzip.compress(PLAIN[:-1] + b"x"), id="another file"),
        pytest.param(PACKED[:-9], id="cut"),
        pytest.param(b"no gzip at all", id="not packed"),
        pytest.param(b"", id="empty"),
    ],
)
def test_a_packed_body_of_another_file_is_refused(web, cache, serve, body):
    serve(labelled(body, "gzip"))
    with pytest.raises(ChecksumMismatch):
        download(web, cache, of_content(PLAIN, "data.csv"))
    assert nothing_final(cache)


def test_a_bomb_that_is_labelled_as_gzip_stops_at_the_published_size(web, cache, serve, monkeypatch):
    written = []
    undo = content_encoding.undo

    def measured(part, *more):
        found = undo(part, *more)
        written.append(part.stat().st_size)
        return found

    monkeypatch.setattr(content_encoding, "undo", measured)
    serve(labelled(gzip.compress(bytes(50 * 2**20)), "gzip"))
    with pytest.raises(ChecksumMismatch):
        download(web, cache, of_content(bytes(60_000), "zeros"))
    assert written[0] < 2**20


def test_an_encoding_that_is_not_known_is_named(web, cache, serve):
    serve(labelled(b"packed by br", "br"))
    with pytest.raises(ChecksumMismatch, match="encoding 'br', which was not asked for") as refused:
        download(web, cache, of_content(PLAIN, "data.csv"))
    assert refused.value.exit_code == 3
    assert f"12 bytes instead of {len(PLAIN)}" in refused.value.message
    assert nothing_final(cache)
    assert not list((cache.folder / "partial").glob("*.part"))  # nothing to resume


def test_a_labelled_file_is_resumed_too(web, cache, serve):
    def handle(request):
        answer = with_ranges(request)
        answer.headers["Content-Encoding"] = "gzip"
        return answer

    ranges = serve(handle)
    cache.partial(f"md5:{MD5}").write_bytes(CONTENT[:1000])
    assert download(web, cache, of_content(CONTENT)).file.path.read_bytes() == CONTENT
    assert ranges == ["bytes=1000-"]


def test_a_checksum_of_an_unknown_algorithm_is_named_and_verifies_nothing(web, cache, distribution, serve):
    serve(CONTENT)
    got = download(web, cache, replace(distribution, checksums=("md6:aa", "sha-265:bb")))
    assert (got.verified, got.checked_for, got.unknown_checksums) == (False, None, ("md6:aa", "sha-265:bb"))
    assert got.checksum == f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


def test_a_known_checksum_beside_an_unknown_one_verifies(web, cache, distribution, serve):
    serve(CONTENT)
    got = download(web, cache, replace(distribution, checksums=("md6:aa", f"SHA-1:{sha1(CONTENT).upper()}")))
    assert (got.verified, got.checked_for, got.unknown_checksums) == (True, "identity", ("md6:aa",))
    assert got.checksum == f"sha1:{sha1(CONTENT)}"


def sha1(content):
    return hashlib.sha1(content).hexdigest()


def test_crc32_alone_excludes_transmission_errors_and_a_wrong_one_is_refused(web, cache, distribution, serve):
    serve(CONTENT)
    got = download(web, cache, replace(distribution, checksums=(f"crc32:{zlib.crc32(CONTENT):x}",)))
    assert (got.verified, got.checked_for) == (True, "transmission errors")
    other = replace(distribution, url=f"{distribution.url}?again", checksums=("crc32:00000001",))
    with pytest.raises(ChecksumMismatch, match="crc32"):
        download(web, cache, other)


@pytest.fixture
def reads(monkeypatch):
    """Names of the files on the disk whose bytes were read for checksums, once per pass."""
    seen = []
    compute = cache_module.checksums_of

    def counted(path, names):
        seen.append(path.name)
        return compute(path, names)

    for module in (cache_module, downloads, stream):
        monkeypatch.setattr(module, "checksums_of", counted)
    return seen


def test_a_download_is_hashed_as_it_arrives_and_not_read_again(web, cache, distribution, serve, reads):
    serve(CONTENT)
    both = replace(distribution, checksums=(f"md5:{MD5}", f"sha1:{sha1(CONTENT)}"))
    assert download(web, cache, both).verified
    assert reads == []


def test_a_cached_file_is_read_once_whatever_is_compared_and_by_whomever(
    web, cache, distribution, serve, reads, monkeypatch
):
    serve(CONTENT)
    both = replace(distribution, checksums=(f"md5:{MD5}", f"sha1:{sha1(CONTENT)}"))
    download(web, cache, both)
    monkeypatch.setattr("fairreg.storage.cache._TIME_STEP", -1.0)
    again = Cache(cache.folder)
    for _ in range(3):
        assert download(web, again, both).from_cache
    assert reads == ["weights.onnx"]


def test_a_file_that_was_changed_between_two_uses_in_one_command_is_noticed(web, cache, distribution, serve):
    serve(CONTENT)
    path = download(web, cache, distribution).file.path
    assert cached_copy(cache, distribution) is not None
    path.write_bytes(CONTENT[:-1] + b"x")
    assert cached_copy(cache, distribution) is None


def test_a_rounded_size_neither_refuses_a_file_nor_ends_its_download(web, cache, distribution, serve):
    serve(with_ranges)
    rounded = replace(distribution, size=100_000, size_is_rounded=True)
    assert download(web, cache, rounded).file.path.read_bytes() == CONTENT
    assert cached_copy(cache, rounded) is not None
    unchecked = replace(rounded, checksums=())
    assert download(web, cache, unchecked).file.path.read_bytes() == CONTENT


@pytest.mark.skipif(os.name != "posix", reason="pipes and links of POSIX")
@pytest.mark.parametrize("kind", ["pipe", "link", "folder", "file"])
def test_whatever_is_in_the_place_of_the_decoded_file_is_not_opened(web, cache, serve, tmp_path, kind):
    serve(labelled(PACKED, "gzip"))
    published = of_content(PLAIN, "data.csv")
    outside = tmp_path / "outside"
    outside.write_bytes(b"kept")
    for suffix in (".decoded", ".part.decoded"):
        place = cache.partial(keys_of(published)[0]).with_suffix(suffix)
        if kind == "pipe":
            os.mkfifo(place)
        elif kind == "link":
            place.symlink_to(outside)
        elif kind == "folder":
            (place / "inner").mkdir(parents=True)
        else:
            place.write_bytes(b"kept")
    assert download(web, cache, published).file.path.read_bytes() == PLAIN
    assert outside.read_bytes() == b"kept"
    assert not list((cache.folder / "partial").glob("*.part"))
