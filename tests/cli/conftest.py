# SPDX-License-Identifier: MIT
import json
import sys
from dataclasses import dataclass

import pytest

from fairreg.cli.app import main
from fairreg.settings import SERVICES
from support.databases import registry_variables


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def cli(monkeypatch, capsys, settings):
    """Run a command as a user would, against the local services; gives exit code and both streams."""
    monkeypatch.setenv("FAIRREG_HOME", str(settings.home))
    for name, value in registry_variables(settings).items():
        monkeypatch.setenv(name, value)
    for name, _, _, _, variable, _ in SERVICES:
        monkeypatch.setenv(variable, settings.service(name).url)
    monkeypatch.setattr("time.sleep", lambda _seconds: None)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["fairreg", *map(str, arguments)])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return run
