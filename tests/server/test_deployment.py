# SPDX-License-Identifier: MIT
"""The files of docs/server.md for a group's server: complete, and accepted by the programs that read them."""

import re
import shutil
import subprocess
import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest

from fairreg.server.inference.body_reader import BODY_BYTES
from fairreg.settings import Settings
from support.commands import fault_of, program

PAGE = (Path(__file__).parents[2] / "docs/server.md").read_text(encoding="utf-8")
# What both services are kept from; the keys of each unit by section.
_CONFINED = {
    "ExecStart", "EnvironmentFile", "User", "StateDirectory", "NoNewPrivileges", "ProtectSystem",
    "ProtectHome", "PrivateTmp", "PrivateDevices", "RestrictAddressFamilies",
}  # fmt: skip
UNITS = {
    "fairreg.service": {
        "Unit": {"Description", "After"},
        "Service": _CONFINED | {"Restart", "TimeoutStopSec", "MemoryMax"},
        "Install": {"WantedBy"},
    },
    "fairreg-harvest.service": {
        "Unit": {"Description", "Wants", "After"},
        "Service": _CONFINED | {"Type"},
    },
    "fairreg-harvest.timer": {
        "Unit": {"Description"},
        "Timer": {"OnCalendar", "RandomizedDelaySec", "Persistent"},
        "Install": {"WantedBy"},
    },
}
FILES = dict(re.findall(r"^`(/[^`]+)`[^\n]*:\n\n```\w+\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL))
ADMIN = "/usr/local/sbin/fairreg-admin"


def block(language: str) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert len(found) == 1
    return found[0]


def unit(name: str) -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(FILES[f"/etc/systemd/system/{name}"])
    return parser


@pytest.mark.parametrize("name", UNITS)
def test_the_unit_has_known_keys_and_a_command_that_exists(name):
    parser = unit(name)
    assert {section: set(parser[section]) for section in parser.sections()} == UNITS[name]
    if name.endswith(".service"):
        path, _, options = parser["Service"]["ExecStart"].partition(" ")
        assert path == "/opt/fairreg/bin/fairreg"
        assert fault_of(options) is None


def test_server_harvest_and_commands_by_hand_share_a_user_and_a_registry():
    services = [unit(name)["Service"] for name in UNITS if name.endswith(".service")]
    assert {service["User"] for service in services} == {"fairreg"}
    settings = [service["EnvironmentFile"] for service in services]
    homes = {line for name in settings for line in FILES[name].splitlines() if "FAIRREG_HOME=" in line}
    assert homes == {f"FAIRREG_HOME=/var/lib/{services[0]['StateDirectory']}"}
    assert settings[1] in FILES[ADMIN]
    assert "runuser -u fairreg " in FILES[ADMIN]


def test_the_settings_are_those_of_the_program():
    stated = [FILES[name] for name in ("/etc/fairreg/server", "/etc/fairreg/harvest")]
    variables = {line.partition("=")[0] for text in stated for line in text.splitlines()}
    known = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert {name for name in variables if f"`{name}`" not in known} == set()
    for text in stated:
        Settings.from_environment(dict(line.split("=", 1) for line in text.splitlines()))


def test_commands_by_hand_exist():
    lines = re.findall(r"^ *fairreg-admin (.*)", PAGE, re.MULTILINE)
    assert len(lines) > 4
    assert {line: fault for line in lines if (fault := fault_of(line)) is not None} == {}
    checked = subprocess.run(["sh", "-n"], input=FILES[ADMIN], text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_extras_that_are_installed_exist():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    named = {extra for part in re.findall(r"\[([a-z,]+)\]['\"]", PAGE) for extra in part.split(",")}
    assert {"serve", "mcp", "postgres"} <= named <= set(project["optional-dependencies"])


def test_systemd_accepts_the_units(tmp_path):
    if (checker := shutil.which("systemd-analyze")) is None:
        return  # the keys are compared above
    for name in UNITS:
        text = FILES[f"/etc/systemd/system/{name}"].replace("/opt/fairreg/bin/fairreg", "/bin/true")
        (tmp_path / name).write_text(text)
    files = [str(tmp_path / name) for name in UNITS]
    checked = subprocess.run([checker, "verify", *files], capture_output=True, text=True, check=False)
    assert "fairreg" not in checked.stderr


def test_the_container_starts_the_server_as_a_user():
    lines = [line for line in block("dockerfile").splitlines() if line]
    words = [line.partition(" ")[0] for line in lines]
    assert words[0] == "FROM"
    assert {"COPY", "RUN", "USER", "EXPOSE", "ENTRYPOINT"} < set(words)
    assert words.index("USER") > max(place for place, word in enumerate(words) if word == "RUN")
    assert {"serve", "mcp"} <= set(re.findall(r"\[(.*)\]", lines[2])[0].split(","))
    (volume,) = set(re.findall(r"--volume fairreg-data:(\S+)", PAGE))
    assert f"ENV FAIRREG_HOME={volume}" in lines  # and the folder is there, so that its owner is the user
    assert any(line.startswith("RUN") and line.endswith(f"-o fairreg -g fairreg {volume}") for line in lines)
    harvest = re.findall(r"--entrypoint fairreg fairreg-server (.*)", PAGE)
    assert [fault_of(line) for line in harvest] == [None]
    entry = next(line for line in lines if line.startswith("ENTRYPOINT"))
    assert fault_of(" ".join(re.findall(r'"([^"]*)"', entry)[1:])) is None


def test_nginx_accepts_its_configuration(tmp_path):
    text = block("nginx")
    assert text.count("{") == text.count("}")
    assert "proxy_pass http://127.0.0.1:8080;" in text  # without a path, which nginx would decode
    assert f"client_max_body_size {BODY_BYTES // 2**20}m;" in text
    if (checker := shutil.which("nginx")) is None:
        return
    # Without certificates there is no TLS.
    plain = re.sub(r" *ssl_.*\n", "", text).replace("443 ssl", "127.0.0.1:8443")
    file = tmp_path / "nginx.conf"
    file.write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}}\nhttp {{\naccess_log off;\n"
        f"client_body_temp_path {tmp_path}/a; proxy_temp_path {tmp_path}/b; fastcgi_temp_path {tmp_path}/c;\n"
        f"uwsgi_temp_path {tmp_path}/d; scgi_temp_path {tmp_path}/e;\n{plain}}}\n"
    )
    checked = subprocess.run(
        [checker, "-t", "-p", str(tmp_path), "-c", str(file)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_each_option_of_the_command_is_described():
    options = {name for item in program().commands["serve"].params for name in item.opts}
    assert {name for name in options if f"`{name}" not in PAGE} == set()
