# SPDX-License-Identifier: MIT
"""Write the packaged JSON Schema of a record from the record type itself: python scripts/build_schema.py."""

import json
from importlib.resources import files
from pathlib import Path

from fairreg.schemas.validation import schema_of_record


def main() -> None:
    target = Path(str(files("fairreg.schemas").joinpath("record.schema.json")))
    target.write_text(json.dumps(schema_of_record(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"wrote {target.name}")


if __name__ == "__main__":
    main()
