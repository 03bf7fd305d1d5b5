# SPDX-License-Identifier: MIT
"""Run one command and count its work: ``python counted.py FILE IDENTIFIER ARGUMENT...``.

The counts go to FILE as JSON:

* ``opens``: database engines that ran a statement,
* ``parses``: calls of `fairreg.schemas.identifiers.parse` with a text that is IDENTIFIER but for blanks,
* ``statements``: SQL statements, by SQLAlchemy's own event,
* ``modules``: modules in ``sys.modules`` that were not there before, ``fairreg``: those of the package,
* ``packages``: top-level names of other distributions among them, sorted.

Nothing is imported to count with: SQLAlchemy is hooked into when SQLite is first connected to, `parse` when
its module has been executed, so that a command that needs neither is seen to import neither.
"""

import json
import sys
from typing import Any

_BEFORE = frozenset(sys.modules)
_IDENTIFIERS = "fairreg.schemas.identifiers"


class Counter:
    """An audit hook and an import hook that count."""

    def __init__(self, identifier: str) -> None:
        self.identifier = identifier
        self.statements = 0
        self.parses = 0
        # The dialects, one per engine; kept, so that none takes the address of another.
        self.dialects: dict[int, Any] = {}
        self._listening = False

    def audit(self, name: str, _arguments: tuple[Any, ...]) -> None:
        """Listen to SQLAlchemy from the first connection on."""
        if name == "sqlite3.connect" and not self._listening:
            self._listening = True
            from sqlalchemy import Engine, event

            event.listen(Engine, "before_cursor_execute", self._executed)

    def _executed(self, connection: Any, *_: object) -> None:
        self.statements += 1
        self.dialects[id(connection.dialect)] = connection.dialect

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """The module of identifiers as the other finders find it, with `parse` counted."""
        if name != _IDENTIFIERS:
            return None
        others = [finder for finder in sys.meta_path if finder is not self]
        spec = next(found for finder in others if (found := finder.find_spec(name, path, target)))
        execute = spec.loader.exec_module

        def exec_module(module: Any) -> None:
            execute(module)
            module.parse = self._counted(module.parse)

        spec.loader.exec_module = exec_module
        return spec

    def _counted(self, parse: Any) -> Any:
        def counted(text: str) -> Any:
            self.parses += text.strip() == self.identifier
            return parse(text)

        return counted

    def counts(self) -> dict[str, object]:
        """What was counted so far."""
        fresh = sys.modules.keys() - _BEFORE
        top = {name.partition(".")[0] for name in fresh}
        # Several distributions share such a name, as `backports`; looking for one of them makes it.
        namespaces = {name for name in top if getattr(sys.modules[name], "__file__", "") is None}
        return {
            "opens": len(self.dialects),
            "parses": self.parses,
            "statements": self.statements,
            "modules": len(fresh),
            "fairreg": sum(name.partition(".")[0] == "fairreg" for name in fresh),
            "packages": sorted(top - sys.stdlib_module_names - {"fairreg"} - namespaces),
        }


def main() -> None:
    """Run the command in this process; its exit code is that of the process."""
    file, identifier, *arguments = sys.argv[1:]
    counter = Counter(identifier)
    sys.addaudithook(counter.audit)
    sys.meta_path.insert(0, counter)
    sys.argv = ["fairreg", *arguments]
    from fairreg.cli.app import main as command

    try:
        command()
    finally:
        with open(file, "w", encoding="utf-8") as out:  # noqa: PTH123  # pathlib would be counted
            json.dump(counter.counts(), out)


if __name__ == "__main__":
    main()
