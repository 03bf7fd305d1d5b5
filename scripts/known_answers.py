# SPDX-License-Identifier: MIT
"""Bring the known answers up to date with answers that a user recorded.

    fairreg sources --check --record FOLDER
    python scripts/known_answers.py FOLDER [SOURCE ...]

Of each source with a recorded payload it rewrites src/fairreg/known_answers/SOURCE.json: the shape is that of
the payload, facts and headers keep their places and get the recorded values. What is asked, and which places
are open, stays. Read the difference before you keep it: a fault of a service is no new expectation.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from fairreg.harvesters import get
from fairreg.services.check.comparison import shape_of, values_at
from fairreg.services.check.known_answer import FOLDER, KnownAnswer

ROOT = Path(__file__).parents[1]
KNOWN = ROOT / "src/fairreg" / FOLDER


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="what --record wrote")
    parser.add_argument("sources", nargs="*", help="names of sources (default: all in the folder)")
    asked = parser.parse_args()
    names = asked.sources or sorted(
        path.name.removesuffix("-payload.json") for path in asked.folder.glob("*-payload.json")
    )
    if not names:
        sys.exit(f"{asked.folder} holds no recorded payload.")
    for name in names:
        path = KNOWN / f"{name}.json"
        known = msgspec.json.decode(path.read_bytes(), type=KnownAnswer)
        path.write_text(written(updated(name, known, asked.folder)), encoding="utf-8")
        print(path.relative_to(ROOT))


def updated(name: str, known: KnownAnswer, folder: Path) -> KnownAnswer:
    """The known answer with the shape, the facts and the headers of what was recorded."""
    payload = _read(folder / f"{name}-payload.json")
    first = _read(folder / f"{name}-answer-1.json")
    headers = {
        key: first["headers"][key].partition(";")[0] for key in known.headers if key in first["headers"]
    }
    return msgspec.structs.replace(
        known,
        record=get(name).to_record(payload).identifier,
        seen=f"{first['url']} on {first['headers'].get('date', 'an unknown day')}",
        facts={path: next(iter(values_at(payload, path)), None) for path in known.facts},
        headers=headers,
        shape=shape(payload, known.open),
    )


def shape(payload: Any, free: tuple[str, ...]) -> dict[str, str]:
    """Types by path, without what is below an open path; ``?`` for what some elements of a list lack."""
    whole = shape_of(payload)
    counted = counts(payload)
    found = {}
    for path, types in sorted(whole.items()):
        if any(path.startswith((f"{item}.", f"{item}[")) for item in free):
            continue
        parent = path.rpartition(".")[0]
        partly = parent.endswith("[*]") and counted[path] < counted[parent]
        found[path] = "|".join(sorted(types)) + ("?" if partly else "")
    return found


def counts(document: Any) -> Counter[str]:
    """How many values there are at each path."""
    return Counter({path: sum(1 for _ in values_at(document, path)) for path in shape_of(document)})


def written(known: KnownAnswer) -> str:
    return json.dumps(msgspec.to_builtins(known), indent=1, ensure_ascii=False) + "\n"


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
