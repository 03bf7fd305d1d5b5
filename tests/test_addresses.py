# SPDX-License-Identifier: MIT
"""An address has one reading, or none."""

import contextlib
import ipaddress
import socket
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from urllib3.util import parse_url

from fairreg.addresses import Address, joined, parse
from fairreg.errors import FairregError, UnsafeAddress
from fairreg.settings import Settings
from fairreg.web import HttpClient, RetryPolicy
from fairreg.web.url_safety import is_public
from support.examples import examples


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://zenodo.org/records/1", "https://zenodo.org/records/1"),
        ("HTTPS://Zenodo.ORG:443", "https://zenodo.org/"),
        ("http://zenodo.org.:80/a?b=c#d", "http://zenodo.org/a?b=c"),
        ("https://me:secret@zenodo.org/x", "https://zenodo.org/x"),
        ("https://a@b@zenodo.org/x", "https://zenodo.org/x"),
        ("http://[2606:4700::0001]:8080/x", "http://[2606:4700::1]:8080/x"),
        ("https://fa\u00df.example/", "https://xn--fa-hia.example/"),
        ("https://B\u00dccher.example/", "https://xn--bcher-kva.example/"),
        ("http://\uff11\uff10.0.0.1/", "http://10.0.0.1/"),
        ("https://zenodo.org/a b/\u00e9?c=d e", "https://zenodo.org/a%20b/%C3%A9?c=d%20e"),
        ("https://zenodo.org/100%/a%2Fb%2e%2E", "https://zenodo.org/100%25/a%2Fb%2e%2E"),
        ("https://zenodo.org/a/../b/./c/..", "https://zenodo.org/b/"),
        ("https://zenodo.org/../../x", "https://zenodo.org/x"),
        ("https://zenodo.org\\", None),
        (" https://zenodo.org/x\n", "https://zenodo.org/x"),
    ],
)
def test_an_address_is_requested_in_one_canonical_form(text: str, url: str | None) -> None:
    if url is None:
        with pytest.raises(UnsafeAddress, match="not a valid address"):
            parse(text)
    else:
        assert parse(text).url == url
        assert parse(url).url == url


@pytest.mark.parametrize(
    "text",
    [
        r"http://127.0.0.1:80\@example.org/x",
        r"http://example.org\x",
        "http://127%2e0.0.1/x",
        "http://exa%6Dple.org/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0x7f000001/",
        "http://127.1/",
        "http://0177.0.0.1/",
        "http://127.0.0.1.1/",
        "http://1.0x/",
        "http://[::1/",
        "http://[::1]x/",
        "http://[v1.a]/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://::1/",
        "http://a:b:c/",
        "http://a:80:80/",
        "http://a:0/",
        "http://a:65536/",
        "http://a:\u0661/",
        "http://a:-1/",
        "http://a..b/",
        "http://.a/",
        "http://exa mple.org/",
        "http://a\tb/",
        "http://a/\nb",
        "http://%00/",
        "http://\x80/",
        "http://" + "a" * 300 + "/",
        "http://" + "\u00e9" * 5000 + "/",
        "http://a\u2024b\u2100/",
        "http://\ud800/",
        "http://a/\ud800",
        "http://user@/x",
        "http://a/" + "b" * 40_000,
    ],
)
def test_what_has_two_readings_or_none_is_refused(text: str) -> None:
    with pytest.raises(UnsafeAddress, match="not a valid address") as caught:
        parse(text)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    "text", ["", "//", "x", "file:///etc/passwd", "ftp://a/b", "http:/a", "javascript:x"]
)
def test_only_http_and_https_are_addresses(text: str) -> None:
    with pytest.raises(UnsafeAddress, match="only http and https"):
        parse(text)


@pytest.mark.parametrize(
    ("base", "url", "inside"),
    [
        ("http://a/zenodo", "http://a/zenodo", True),
        ("http://a/zenodo", "http://a/zenodo/x?y", True),
        ("http://a", "http://a/x", True),
        ("http://a/zenodo", "http://a/zenodo-other/x", False),
        ("http://a/zenodo", "http://a/zenodo/../github/x", False),
        ("http://a/zenodo", "http://a/zenodo/%2e%2E/github/x", False),
        ("http://a/zenodo", "http://a/zenodo/..%2fgithub/x", False),
        ("http://a/zenodo", "https://a/zenodo/x", False),
        ("http://a/zenodo", "http://a:81/zenodo/x", False),
        ("http://a/zenodo", "http://a.b/zenodo/x", False),
    ],
)
def test_a_path_below_a_base_is_told_from_one_beside_it(base: str, url: str, inside: bool) -> None:
    assert parse(url).begins_with(parse(base)) is inside


@pytest.mark.parametrize("target", ["http://[bad/x", "/a\nb", "//[x"])
def test_a_reference_that_is_none_is_refused(target: str) -> None:
    with pytest.raises(UnsafeAddress, match="redirect"):
        joined("https://zenodo.org/x", target)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.1", "10.1.2.3", "100.64.0.1", "127.0.0.2", "169.254.169.254", "172.31.0.1", "192.0.0.8",
        "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.19.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
        "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:8.8.8.8", "::8.8.8.8",
        "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:2::1", "2001:10::1",
        "2001:db8::1", "2002:808:808::1",
        "3fff::1", "5f00::1", "fc00::1", "fd00::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
        "4000::1", "x",
    ],
)  # fmt: skip
def test_special_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.215.14", "100.128.0.1", "172.32.0.1", "2606:4700::1", "2a00:1450::1"]
)
def test_other_addresses_are_public(address: str) -> None:
    assert is_public(address)


HOSTS = st.text(alphabet="aA1.:-_%2e0xf[]@\\/ \t\u00df\u0661\uff11\u3002\u00ad?#", max_size=20)
URLS = st.one_of(
    st.text(max_size=40),
    st.builds(
        "{}{}{}".format, st.sampled_from(["http://", "https://", "HTTP:", "//"]), HOSTS, st.text(max_size=8)
    ),
)


@settings(max_examples=examples(2000))
@given(URLS)
@example("http://a" + ":" * 50)
def test_any_text_is_an_address_or_refused_and_others_read_it_alike(text: str) -> None:
    try:
        found = parse(text)
    except UnsafeAddress:
        return
    assert found.url.isascii()
    assert parse(found.url) == found._replace(user=None)
    other = parse_url(found.url)
    assert (other.scheme, (other.host or "").strip("[]"), other.auth) == (found.scheme, found.host, None)
    assert (other.port or {"http": 80, "https": 443}[found.scheme]) == found.port


@settings(max_examples=examples(500))
@given(URLS, URLS)
def test_any_reference_is_joined_or_refused(base: str, target: str) -> None:
    with contextlib.suppress(UnsafeAddress):
        found: Address = parse(joined(parse(base).url, target))
        assert found.host


# --- spellings of private addresses -------------------------------------------------------------------------

PRIVATE = st.sampled_from(
    [
        "127.0.0.1",
        "127.8.9.10",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.1.1",
        "0.0.0.0",
        "172.16.5.5",
    ]
).map(ipaddress.IPv4Address)
WIDE = str.maketrans("0123456789.", "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\u3002")


@st.composite
def spellings(draw: st.DrawFn) -> str:
    """An address of a private host, in one of the ways by which others were led there."""
    ip = draw(PRIVATE)
    parts = str(ip).split(".")
    last = int(ip) & 0xFFFFFF
    host = draw(
        st.sampled_from(
            [
                str(ip),
                f"{ip}.",
                str(int(ip)),
                hex(int(ip)),
                oct(int(ip)).replace("o", ""),
                ".".join(hex(int(part)) for part in parts),
                ".".join(f"{int(part):04o}" for part in parts),
                f"{parts[0]}.{last}",
                str(ip).replace(".", "%2e"),
                str(ip).translate(WIDE),
                f"[::ffff:{ip}]",
                f"[::{ip}]",
                f"[64:ff9b::{ip}]",
                f"[2002:{int(ip) >> 16:x}:{int(ip) & 0xFFFF:x}::]",
                f"[fe80::{int(ip) & 0xFFFF:x}%25eth0]",
                "localhost",
                "LOCALHOST.",
                "[::1]",
                "[0:0:0:0:0:0:0:1]",
                "[::]",
            ]
        )
    )
    before = draw(st.sampled_from(["", "zenodo.org@", "zenodo.org:443@", "u:p@", "zenodo.org%2f@"]))
    after = draw(st.sampled_from(["", ":80", ":8080", ":443"]))
    rest = draw(
        st.sampled_from(["", "/x", r"\@zenodo.org/x", "/@zenodo.org", "?@zenodo.org", "#@zenodo.org"])
    )
    scheme = draw(st.sampled_from(["http://", "https://", "HTTP://"]))
    return f"{scheme}{before}{host}{after}{rest}"


@contextlib.contextmanager
def connections() -> Iterator[list[object]]:
    """The addresses of connections that are tried; none is made."""
    tried: list[object] = []

    def connect(_socket: socket.socket, address: object) -> None:
        tried.append(address)
        raise ConnectionRefusedError

    with patch.object(socket.socket, "connect", connect):
        yield tried


@settings(max_examples=examples(400))
@given(spellings())
def test_no_spelling_of_a_private_address_is_connected_to(
    tmp_path_factory: pytest.TempPathFactory, url: str
) -> None:
    configured = Settings.from_environment({"FAIRREG_HOME": str(_home(tmp_path_factory))})
    with connections() as tried, HttpClient(configured, patience=RetryPolicy(retries=0)) as web:
        with pytest.raises(UnsafeAddress):
            web.get(url)
        assert tried == []


def _home(factory: pytest.TempPathFactory) -> Path:
    return factory.getbasetemp() / "addresses"


@settings(max_examples=examples(400))
@given(URLS)
def test_any_link_ends_in_an_error_of_fairreg(tmp_path_factory: pytest.TempPathFactory, url: str) -> None:
    configured = Settings.from_environment({"FAIRREG_HOME": str(_home(tmp_path_factory))})

    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with (
        connections(),
        patch.object(socket, "getaddrinfo", unknown),
        HttpClient(configured, patience=RetryPolicy(retries=0), sleep=lambda _: None) as web,
        pytest.raises(FairregError) as caught,
    ):
        web.get(url)
    assert caught.value.exit_code in {3, 4}
