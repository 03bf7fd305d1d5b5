# SPDX-License-Identifier: MIT
"""What starting costs, and what the command line promises before it does anything."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.engines("sqlite")  # nothing here opens a registry

HEAVY = {"torch", "onnxruntime", "onnx", "rdflib", "sqlalchemy", "alembic", "requests", "jsonschema", "numpy"}
SERVERS = {"starlette", "uvicorn", "anyio", "mcp", "pydantic"}


def modules_after(code):
    show = "import sys; print('\\n'.join(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{show}"], capture_output=True, text=True, check=True
    )
    return {line.split(".")[0] for line in done.stdout.splitlines()}


def test_help_imports_no_heavy_engine():
    code = (
        "import sys; sys.argv = ['fairreg', '--help']\n"
        "from fairreg.cli.app import main\n"
        "try: main()\nexcept SystemExit: pass"
    )
    assert modules_after(code).isdisjoint(HEAVY | SERVERS)


def test_importing_the_package_imports_nothing_heavy():
    assert modules_after("import fairreg").isdisjoint(HEAVY | {"typer", "rich", "msgspec"})


def test_the_python_api_is_there_by_name():
    import fairreg

    for name in fairreg.__all__:
        assert getattr(fairreg, name) is not None
    with pytest.raises(AttributeError):
        _ = fairreg.nothing


COMMANDS = [
    "search",
    "show",
    "cite",
    "sources",
    "fetch",
    "assess",
    "harvest",
    "validate",
    "add",
    "export",
    "import",
    "link",
    "unlink",
    "serve",
    "mcp",
    "doctor",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(cli, command):
    result = cli(command, "--help")
    assert result.code == 0
    assert "Example: fairreg" in " ".join(result.out.split())


def test_the_version_is_that_of_the_package(cli):
    assert cli("--version").out.startswith("fairreg 0.")


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["search"], ["show", "x", "--format", "pdf"], ["fetch", "--output"]]
)
def test_wrong_usage_ends_with_2(cli, arguments):
    result = cli(*arguments)
    assert result.code == 2
    assert result.out == ""
    assert "Traceback" not in result.err


def test_an_interrupt_ends_with_130_and_a_sentence(cli, monkeypatch):
    def interrupted(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("fairreg.services.registry.db.open_registry", interrupted)
    result = cli("search", "jets")
    assert result.code == 130
    assert "Interrupted" in result.err


@pytest.mark.parametrize("debug", ["", "1"])
def test_a_fault_of_our_own_is_a_sentence_unless_debugging(environment, debug):
    code = (
        "import sys; sys.argv = ['fairreg', 'search', 'x']\n"
        "import fairreg.services.registry.db as db\n"
        "def broken(*_): raise ZeroDivisionError('oops')\n"
        "db.open_registry = broken\n"
        "from fairreg.cli.app import main\nmain()"
    )
    environment["FAIRREG_DEBUG"] = debug
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 1
    assert ("Traceback" in done.stderr) == bool(debug)
    assert "oops" in done.stderr


BAD = [{"FAIRREG_HOME": "~nosuchuser/x"}, {"FAIRREG_ZENODO_URL": "http://["}]
START = (
    "import sys; sys.argv = ['fairreg', 'search', 'x']\n"
    "from fairreg.cli import app\nfrom fairreg.cli import search\n"
)
BROKEN = "def broken(): raise ZeroDivisionError('oops')\nsearch.ready = broken\n"


@pytest.mark.sliced(2)
@pytest.mark.parametrize("variables", BAD, ids=str)
@pytest.mark.parametrize(("broken", "code", "words"), [("", 2, "Hint:"), (BROKEN, 1, "oops")])
def test_a_bad_setting_is_a_sentence_even_beside_a_fault_of_our_own(
    environment, variables, broken, code, words
):
    done = subprocess.run(
        [sys.executable, "-c", f"{START}{broken}app.main()"],
        capture_output=True,
        text=True,
        env={**environment, **variables},
        check=False,
    )
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_the_package_runs_as_a_module():
    def run(*words):
        command = [sys.executable, "-m", "fairreg", *words]
        return subprocess.run(command, check=False, capture_output=True, text=True)

    done, wrong = run("--version"), run("nothing")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("fairreg ")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "No such command 'nothing'" in wrong.stderr
