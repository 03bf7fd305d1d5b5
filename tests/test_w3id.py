# SPDX-License-Identifier: MIT
"""Every address below https://w3id.org/fairreg/ that fairreg writes has a rule, and leads to a file."""

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from fairreg.schemas.contexts import NAMESPACE

ROOT = Path(__file__).parents[1]
BASE = "https://w3id.org/fairreg/"
SOURCE = "https://github.com/fairreg/fairreg"
FILES = ("https://raw.githubusercontent.com/fairreg/fairreg/main/", f"{SOURCE}/blob/main/")
FLAGS = re.compile(r"\[([\w=,]+)\]")
# Of a UUID that is made from it (RFC 9562, version 5): a name, which nothing resolves.
NAMES = (f"{BASE}hbb/",)


def rules():
    """The rules of .htaccess in order: conditions on the Accept header, pattern, target."""
    found, conditions = [], []
    for line in (ROOT / "w3id/fairreg/.htaccess").read_text(encoding="utf-8").splitlines():
        directive, *words = shlex.split(line.replace("\\", "\\\\"), comments=True) or [""]
        if directive == "RewriteCond":
            assert words[0] == "%{HTTP_ACCEPT}"
            conditions.append((words[1], {*words[2].strip("[]").split(",")}))
        elif directive == "RewriteRule":
            assert re.fullmatch(r"\[R=30[23],L\]", words[2])
            found.append((conditions, words[0], words[1]))
            conditions = []
    return found


def holds(conditions, accept):
    """Whether the conditions hold: all of them joined by OR, or none at all."""
    assert all("OR" in flags for _, flags in conditions[:-1])
    assert all("NC" in flags for _, flags in conditions)
    return not conditions or any(re.search(pattern, accept, re.IGNORECASE) for pattern, _ in conditions)


def target(address, accept="*/*"):
    """Where the rules lead; the fragment is not sent."""
    path = address.partition("#")[0].removeprefix(BASE)
    for conditions, pattern, leads_to in rules():
        if (found := re.search(pattern, path)) and holds(conditions, accept):
            return re.sub(r"\$(\d)", lambda number: found[int(number[1])], leads_to)
    return None


def file_of(leads_to):
    for start in FILES:
        if leads_to and leads_to.startswith(start):
            return ROOT / leads_to.removeprefix(start)
    return None


def schemas():
    """Packaged JSON Schemas by their address."""
    found = {}
    for path in sorted((ROOT / "src/fairreg").rglob("*.json")):
        if '"$id"' in (text := path.read_text(encoding="utf-8"))[:500]:
            found[json.loads(text)["$id"]] = path
    return {address: path for address, path in found.items() if address.startswith(BASE)}


@pytest.mark.parametrize(("address", "path"), schemas().items())
def test_a_schema_is_found_at_its_address(address, path):
    assert file_of(target(address)) == path


def test_there_are_schemas():
    assert f"{BASE}schema/record.json" in schemas()


@pytest.mark.parametrize(
    ("accept", "file"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "docs/terms.md"),
        ("*/*", "docs/terms.md"),
        ("", "docs/terms.md"),
        ("text/turtle", "docs/terms.ttl"),
        ("application/rdf+xml, text/turtle;q=0.9, */*;q=0.1", "docs/terms.ttl"),
        ("application/ld+json", "docs/terms.ttl"),
    ],
)
def test_a_term_leads_to_the_page_or_to_rdf(accept, file):
    assert file_of(target(f"{NAMESPACE}Tensor", accept)) == ROOT / file


def test_every_target_is_the_repository_or_a_file_in_it():
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]
    assert urls["Source"] == SOURCE
    targets = [leads_to for _, _, leads_to in rules() if "$" not in leads_to]  # those by the schemas' tests
    assert [one for one in targets if one != SOURCE and not (file_of(one) and file_of(one).is_file())] == []
    assert target(BASE) == SOURCE


def test_every_address_that_the_package_writes_has_a_rule():
    texts = [
        path.read_text(encoding="utf-8")
        for path in sorted((ROOT / "src/fairreg").rglob("*"))
        if path.suffix in {".py", ".json", ".jsonld"}
    ]
    written = {found for text in texts for found in re.findall(rf"{BASE}[\w./{{}}#-]*", text)}
    assert len(written) > 50
    assert [one for one in sorted(written) if not one.startswith(NAMES) and target(one) is None] == []


def test_the_readme_lists_every_address_with_a_rule():
    text = (ROOT / "w3id/fairreg/README.md").read_text(encoding="utf-8")
    listed = re.findall(rf"^\| `({BASE}\S*)` \|", text, re.MULTILINE)
    assert [one for one in listed if target(one) is None] == []
    patterns = {pattern for _, pattern, _ in rules()} - {r"^terms\.ttl$"}
    paths = [one.partition("#")[0].removeprefix(BASE) for one in listed]
    assert {pattern for pattern in patterns if not any(re.search(pattern, path) for path in paths)} == set()
