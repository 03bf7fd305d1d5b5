# SPDX-License-Identifier: MIT
"""The wheel and the source archive: what is in them, and the commands of `make demo` from the wheel alone."""

import re
import shutil
import subprocess
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
import wheel_demo
from packaging.requirements import Requirement

from support.projects import COPIER

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
NOT_TRACKED = {"PKG-INFO", "__pycache__", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache"}


def build(source, target):
    """Build a wheel and a source archive of the project in `source`, offline; their folder."""
    if COPIER is None:
        pytest.skip("FAIRREG_TEST_COPIER names no interpreter with hatchling")
    command = [COPIER, "-m", "hatchling", "build", "--directory", target]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return target


def tracked():
    """Paths of the repository; of a source archive those of its files."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return {name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()}
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if not NOT_TRACKED & {*path.parts}}


@pytest.fixture(scope="module")
def copy_of_repository(tmp_path_factory):
    """The tracked files alone."""
    folder = tmp_path_factory.mktemp("repository")
    for name in tracked():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def built(copy_of_repository, tmp_path_factory):
    return build(copy_of_repository, tmp_path_factory.mktemp("dist"))


def in_wheel(folder):
    """Content of the wheel by path."""
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        return {name: wheel.read(name) for name in wheel.namelist()}


def unpacked(folder, target):
    """Unpack the source archive; its folder."""
    (path,) = folder.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        # Python 3.11.4 and later can be told to be careful; it is our own archive.
        archive.extractall(target, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    (inside,) = target.iterdir()
    return inside


def test_the_wheel_has_every_file_of_the_package_and_no_other(built):
    found = in_wheel(built)
    about = f"fairreg-{PROJECT['version']}.dist-info/"
    manual = f"fairreg-{PROJECT['version']}.data/data/share/man/man1/fairreg.1"
    assert found[manual] == (ROOT / "man/fairreg.1").read_bytes()
    inside = {name for name in found if not name.startswith(about)} - {manual}
    assert inside == {name.removeprefix("src/") for name in tracked() if name.startswith("src/")}
    assert {f"{about}licenses/{name}" for name in PROJECT["license-files"]} <= found.keys()
    assert found[f"{about}entry_points.txt"].decode().split() == [
        "[console_scripts]",
        "fairreg",
        "=",
        PROJECT["scripts"]["fairreg"],
    ]
    # What no import would miss at once.
    for name in (
        "template/copier.yml",
        "py.typed",
        "registry/catalogue/records.json",
        "models/hbb_in/sample/sample.npz",
    ):
        assert f"fairreg/{name}" in inside


def test_the_source_archive_has_what_the_tests_need(built, tmp_path):
    folder = unpacked(built, tmp_path)
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    expected = {name for name in tracked() if not name.startswith(".ci/")}
    assert found - expected == {"PKG-INFO"}
    assert expected - found == set()


def test_a_wheel_of_the_source_archive_is_the_wheel_of_the_repository(built, tmp_path):
    again = build(unpacked(built, tmp_path / "source"), tmp_path / "dist")
    assert in_wheel(again) == in_wheel(built)


def needed(requirements):
    """Distributions that these requirements bring, with all that they need themselves."""
    found, waiting = {}, [(Requirement(text), "") for text in requirements]
    while waiting:
        asked, extra = waiting.pop()
        key = re.sub(r"[-_.]+", "-", asked.name).lower(), tuple(sorted(asked.extras))
        if key in found or (asked.marker and not asked.marker.evaluate({"extra": extra})):
            continue
        try:
            found[key] = distribution(asked.name)
        except PackageNotFoundError as error:
            raise AssertionError(f"{asked} is required and not installed") from error
        assert asked.specifier.contains(found[key].version, prereleases=True), asked
        more = [Requirement(text) for text in found[key].requires or ()]
        waiting += [(item, extra) for item in more for extra in ("", *asked.extras)]
    return {item.name: item for item in found.values()}.values()


def environment(folder, wheel):
    """The interpreter of a new environment with the wheel and the requirements that it states, offline."""
    venv.create(folder, with_pip=False, symlinks=True)
    paths = {"base": str(folder), "platbase": str(folder)}
    site = Path(sysconfig.get_path("purelib", vars=paths))
    for item in needed(PROJECT["dependencies"]):
        for top in {file.parts[0] for file in item.files or () if file.parts[0] not in {"..", "__pycache__"}}:
            if not (site / top).exists():
                (site / top).symlink_to(Path(item.locate_file(top)))
    options = ["--no-index", "--no-deps", "--disable-pip-version-check", "--no-compile", "--quiet"]
    python = folder / "bin" / "python"
    done = subprocess.run(
        [COPIER, "-m", "pip", "--python", python, "install", *options, wheel],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return python


@pytest.mark.long  # half a minute of CPU: the demonstration, as a user runs it
def test_the_wheel_alone_runs_the_demonstration(built, tmp_path, capfd):
    (wheel,) = built.glob("*.whl")
    python = environment(tmp_path / "environment", wheel)
    script = "import fairreg, sys; print(fairreg.__file__); print(*sys.path, sep='\\n')"
    seen = subprocess.run([python, "-I", "-c", script], capture_output=True, text=True, check=True).stdout
    assert seen.splitlines()[0].startswith(str(tmp_path))
    assert str(ROOT) not in seen
    # Nothing answers at this proxy; the stand-in of the demonstration needs none.
    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
    local = dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1")
    done = wheel_demo.demonstrate(python, tmp_path, **nowhere, **local)
    told = capfd.readouterr().out
    assert done.returncode == 0, told
    for words in ("Hbb Interaction Network (FAIR4HEP)", "roc auc      0.98", "overall ", "4. Serve."):
        assert words in told
    assert {path.name for path in tmp_path.iterdir()} <= {"environment", "scripts", "home", ".demo"}
