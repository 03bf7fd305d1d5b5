# SPDX-License-Identifier: MIT
"""A server for each module of tests of the web page: tests elsewhere set the clock of their process."""

import pytest
import requests
from bs4 import BeautifulSoup
from requests.adapters import HTTPAdapter

from fairreg.settings import Settings
from support.served_site import filled
from support.serving import serving

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def site_url(tmp_path_factory):
    """Base URL of a server of the registry that `filled` describes."""
    settings = Settings.from_environment({"FAIRREG_HOME": str(tmp_path_factory.mktemp("site"))})
    filled(settings)
    with serving(settings) as url:
        yield url


@pytest.fixture(scope="module")
def session():
    with requests.Session() as opened:
        opened.headers.update(BROWSER)
        # A kept connection may end while a request is on its way (RFC 9112, 9.3.1): browsers ask again.
        opened.mount("http://", HTTPAdapter(max_retries=2))
        yield opened


@pytest.fixture(scope="module")
def fetched(site_url, session):
    """Get an address below the site as a browser does."""

    def fetch(path, **options):
        return session.get(path if path.startswith("http") else f"{site_url}{path}", timeout=60, **options)

    return fetch


@pytest.fixture(scope="module")
def page(fetched):
    """Get a page, parsed; its status must be as expected."""

    def parsed(path, status=200):
        answer = fetched(path)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
        return BeautifulSoup(answer.text, "html.parser")

    return parsed
