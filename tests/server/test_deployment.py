# SPDX-License-Identifier: MIT
"""The files of docs/server.md for a group's server: complete, and accepted by the programs that read them."""

import re
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

from support.commands import fault_of, program

PAGE = (Path(__file__).parents[2] / "docs/server.md").read_text(encoding="utf-8")
UNIT_KEYS = {
    "Unit": {"Description", "After"},
    "Service": {
        "ExecStart", "Environment", "DynamicUser", "StateDirectory", "Restart", "TimeoutStopSec",
        "NoNewPrivileges", "ProtectSystem", "ProtectHome", "PrivateTmp", "PrivateDevices",
        "RestrictAddressFamilies", "MemoryMax",
    },
    "Install": {"WantedBy"},
}  # fmt: skip


def block(language: str) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert len(found) == 1
    return found[0]


def unit() -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(block("ini"))
    return parser


def test_the_unit_has_known_keys_and_a_command_that_exists():
    parser = unit()
    assert {name: set(parser[name]) for name in parser.sections()} == UNIT_KEYS
    path, _, options = parser["Service"]["ExecStart"].partition(" ")
    assert path.endswith("/fairreg")
    assert fault_of(options) is None


def test_systemd_accepts_the_unit(tmp_path):
    if (checker := shutil.which("systemd-analyze")) is None:
        return  # the keys are compared above
    file = tmp_path / "fairreg.service"
    file.write_text(block("ini").replace("/opt/fairreg/bin/fairreg", "/bin/true"))
    checked = subprocess.run([checker, "verify", str(file)], capture_output=True, text=True, check=False)
    assert "fairreg.service" not in checked.stderr


def test_the_container_starts_the_server_as_a_user():
    lines = [line for line in block("dockerfile").splitlines() if line]
    words = [line.partition(" ")[0] for line in lines]
    assert words[0] == "FROM"
    assert {"COPY", "RUN", "USER", "EXPOSE", "ENTRYPOINT"} < set(words)
    assert words.index("USER") > max(place for place, word in enumerate(words) if word == "RUN")
    entry = next(line for line in lines if line.startswith("ENTRYPOINT"))
    assert fault_of(" ".join(re.findall(r'"([^"]*)"', entry)[1:])) is None


def test_nginx_accepts_its_configuration(tmp_path):
    text = block("nginx")
    assert text.count("{") == text.count("}")
    assert "proxy_pass http://127.0.0.1:8080;" in text  # without a path, which nginx would decode
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
