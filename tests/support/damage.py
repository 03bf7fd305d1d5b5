# SPDX-License-Identifier: MIT
"""Payloads with a few places deleted or replaced by what services and people have sent instead."""

import copy
import json

from hypothesis import strategies as st

from fairreg.errors import RecordError
from fairreg.schemas.record import ModelRecord


def paths(value, here=()):
    yield here
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, member in members:
        yield from paths(member, (*here, name))


def changed(payload, path, value):
    copied = copy.deepcopy(payload)
    if not path:
        return value
    *parents, last = path
    place = copied
    for name in parents:
        place = place[name]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return copied


JUNK = st.sampled_from(
    [
        ...,
        None,
        [],
        {},
        "",
        " ",
        "\x00",
        "\ud800",
        "x" * 300,
        0,
        -1,
        2**70,
        1.5,
        float("nan"),
        True,
        [[]],
        [None],
        {"id": []},
        "10.5281/zenodo.3",
        "http://[",
        "https://pypi.org/project/%00",
        "<p",
        "a:b",
        "2022-13-45",
    ]
)


def survives_damage(harvester, payload, data):
    """Whatever is done to a payload, it is refused, or gives a record that can be stored and read again."""
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(paths(payload))))
        payload = changed(payload, path, data.draw(JUNK))
        if payload is ... or not isinstance(payload, dict):
            break
    try:
        found = harvester.to_record(payload)
    except RecordError:
        return
    assert ModelRecord.from_json(json.loads(json.dumps(found.to_json()))) == found
    json.dumps(found.to_json(), ensure_ascii=False).encode("utf-8")
