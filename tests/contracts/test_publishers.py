# SPDX-License-Identifier: MIT
"""What every publisher promises, and how one of another package is found or refused."""

from types import ModuleType, SimpleNamespace

import pytest

from fairreg import plugins
from fairreg.errors import PluginError, UsageError
from fairreg.publish import get, names
from fairreg.publish.base import Publisher
from fairreg.settings import Settings
from fairreg.sources import source_named

NAMES = sorted(set(names()) - {point.name for point in plugins.entry_points_of("fairreg.publish")})


@pytest.mark.parametrize("name", NAMES)
def test_a_publisher_has_a_row_with_a_token_for_each_of_its_services(name):
    publisher, settings = get(name), Settings.from_environment({"FAIRREG_HOME": "home"})
    for sandbox in (False, True) if publisher.sandbox else (False,):
        service = publisher.service(sandbox=sandbox)
        assert settings.service(service).takes_token
        assert source_named(service).token_help
    assert publisher.title == source_named(name).title
    assert publisher.scopes


@pytest.mark.parametrize("name", NAMES)
def test_a_publisher_is_listed_without_being_imported(name):
    import subprocess
    import sys

    code = (
        f"import sys\nfrom fairreg import publish\nassert {name!r} in publish.names()\n"
        f"assert 'fairreg.publish.{name}' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_unknown_publisher_is_wrong_usage():
    with pytest.raises(UsageError, match="no publisher called 'nowhere'") as caught:
        get("nowhere")
    assert NAMES[0] in caught.value.hint


@pytest.mark.parametrize("found", ["no publisher", None])
def test_a_package_with_something_else_is_refused(monkeypatch, found):
    module = ModuleType("elsewhere")
    if found is not None:
        module.PUBLISHER = found
    point = SimpleNamespace(
        name="elsewhere", group="fairreg.publish", value="elsewhere", module="elsewhere", dist=None
    )
    monkeypatch.setattr(plugins, "names", lambda _room, **_skip: ("elsewhere",))
    monkeypatch.setattr(plugins, "load", lambda _room, _name: module)
    monkeypatch.setattr(plugins, "entry_points_of", lambda _room: (point,))
    with pytest.raises(PluginError, match=r"is not a Publisher|does not define PUBLISHER"):
        get("elsewhere")


def test_the_contract_fits_a_screen():
    import inspect

    assert len(inspect.getsource(Publisher).splitlines()) <= 60
