# SPDX-License-Identifier: MIT
import ipaddress
import os
import socket
from pathlib import Path

import pytest

from fairreg.settings import SERVICES, VARIABLES, Settings
from fairreg.web import Patience, Web

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(autouse=True)
def no_settings_of_the_user(monkeypatch, tmp_path):
    """Tests see neither the user's environment nor the user's data folder."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FAIRREG_HOME", str(tmp_path / "home"))


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch):
    """A test that would talk to another machine fails instead."""
    connect = socket.socket.connect

    def guarded(self, address):
        if (
            self.family in {socket.AF_INET, socket.AF_INET6}
            and not ipaddress.ip_address(address[0]).is_loopback
        ):
            raise AssertionError(f"a test tried to connect to {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def shared() -> Path:
    """The reference data beside the checkout; a test that needs it is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the reference data is not beside this checkout")
    return SHARED


@pytest.fixture
def settings(tmp_path, httpserver) -> Settings:
    """Settings whose services are all one local server, each under a path of its own name."""
    urls = {variable: httpserver.url_for(f"/{name}") for name, _, _, _, variable, _ in SERVICES}
    return Settings.from_environment({"FAIRREG_HOME": str(tmp_path / "home"), **urls})


@pytest.fixture
def environment(settings) -> dict[str, str]:
    """The environment of a child process with the same settings."""
    urls = {variable: settings.service(name).url for name, _, _, _, variable, _ in SERVICES}
    kept = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    return {**kept, "FAIRREG_HOME": str(settings.home), **urls}


@pytest.fixture
def web(settings):
    """A client that does not really wait between its attempts."""
    with Web(settings, patience=Patience(retries=2, first_wait=0.001), sleep=lambda _seconds: None) as client:
        yield client
