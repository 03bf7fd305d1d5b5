# SPDX-License-Identifier: MIT
"""Lines for people look the same, whether rich prints them or not."""

import subprocess
import sys
from contextlib import redirect_stderr
from io import StringIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console

from fairreg.cli.output import log, visible

LINES = st.text(st.characters(min_codepoint=32, max_codepoint=126)) | st.text(alphabet=" ab:-_\t\n\x07é🙂")


@given(LINES)
@example("trailing blanks" + 100 * " ")
@example("a :smile: and http://host:80/path")
@example("")
def test_a_line_is_what_rich_would_print(line: str) -> None:
    with redirect_stderr(StringIO()) as found:
        log(line)
    with redirect_stderr(StringIO()) as expected:
        plain = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)
        plain.print(visible(line, kept=""))
    assert found.getvalue() == expected.getvalue()


@pytest.mark.engines("sqlite")
def test_rich_is_not_imported_for_plain_lines_without_a_terminal(environment: dict[str, str]) -> None:
    program = (
        "import sys; sys.argv = 'fairreg search jets --json'.split()\n"
        "from fairreg.cli.app import main\n"
        "try: main()\n"
        "finally: print('rich.console' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stderr.startswith("Creating the registry")
    assert done.stdout.splitlines()[-1] == "False"
