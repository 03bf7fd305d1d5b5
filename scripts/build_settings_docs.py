# SPDX-License-Identifier: MIT
"""Write the table of the settings in docs/settings.md.

    python scripts/build_settings_docs.py [--check]

The table is made of `fairreg.settings.options`. `--check` writes nothing and exits with 1 if
it is not up to date.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from fairreg.settings import Option, options

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
MARK = "<!-- From here on written by scripts/build_settings_docs.py. -->\n"
_KINDS = {"flag": "true or false", "list": "list of texts", "path": "path", "token": "text", "url": "text"}


def main() -> int:
    text = page()
    if "--check" in sys.argv[1:]:
        return int(PAGE.read_text(encoding="utf-8") != text)
    PAGE.write_text(text, encoding="utf-8", newline="\n")
    return 0


def page() -> str:
    """Return the text of the page: what is written by hand, and the table."""
    by_hand = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    return by_hand + MARK + "\n" + "\n".join(_table()) + "\n"


def _table() -> Iterator[str]:
    yield "| variable | key in the file | value there | default | meaning |"
    yield "|---|---|---|---|---|"
    yield from map(_row, options())


def _row(option: Option) -> str:
    key = f"`{option.key}`" if option.key else ""
    kind = _KINDS[option.kind] if option.key else ""
    default = f"`{option.default}`" if option.default.startswith("http") else option.default or "none"
    return f"| `{option.variable}` | {key} | {kind} | {default} | {option.meaning} |"


if __name__ == "__main__":
    raise SystemExit(main())
