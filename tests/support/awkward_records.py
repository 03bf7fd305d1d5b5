# SPDX-License-Identifier: MIT
"""Records of every awkward kind, for a server that has them beside the packaged catalogue."""

import json
from itertools import starmap

from fairreg import harvesters
from fairreg.schemas.fingerprint_rule import with_rule
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Access, Creator, Distribution, ModelRecord, Provenance, Relation
from support import hbb

WITHDRAWN, REASON = "doi:10.1234/withdrawn", "error in training"
OTHERS = (("paper_doi", "10.1234/paper"), ("github", "lab/net"))
LARGE, HOSTILE, MERGED = "doi:10.1234/large", "doi:10.1234/hostile", "doi:10.1234/merged"
# Identifiers that end like a part of a record, without and with the record of which they would be a part.
LINKSET, RELATED, ABOVE = "doi:10.1234/x/linkset", "doi:10.1234/y/related", "doi:10.1234/y"
TWINS, FINGERPRINT = ("doi:10.1234/twin-1", "doi:10.1234/twin-2"), f"sha256:{'5' * 64}"
ODD = "url:https://example.org/a//b/../c?d=e&f=%2F#g é"


def record(identifier: str, name: str = "A network", **fields) -> ModelRecord:
    scheme, _, value = identifier.partition(":")
    stated = (Identifier(scheme, value), *fields.pop("identifiers", ()))
    origin = Provenance(source="zenodo", source_id=fields.pop("source_id", value))
    return ModelRecord(
        identifier=identifier, kind=fields.pop("kind", "model"), name=name, provenance=origin,
        identifiers=stated, **fields,
    )  # fmt: skip


def hostile() -> ModelRecord:
    text = "</script><script>alert(1)</script>\"'&\u202e\u2028]]>"
    return record(
        HOSTILE,
        text,
        description=f"{text}\nLink: <x>\r\nSet-Cookie: a=b",
        creators=(Creator(name=text, affiliation=text),),
        publisher=text,
        license_stated=text,
        keywords=(text,),
        access=Access("open", text),
        distributions=(
            Distribution(name=text, url='https://example.org/a b">;rel="x"', media_type='a/b"\r\nX: y'),
            Distribution(name="script", url="javascript:alert(1)"),
            Distribution(name="b", url="https://пример.example/é"),
        ),
        relations=(Relation(type="cites", target=Identifier("url", "javascript:alert(1)")),),
    )


def awkward() -> list[ModelRecord]:
    many = tuple(Creator(name=f"Author {n}", orcid=f"0000-0001-0000-{n:04}") for n in range(400))
    return [
        harvesters.get("zenodo").to_record(json.loads(json.dumps(hbb.record(b"weights")))),
        record(WITHDRAWN, distributions=(Distribution(name="a.onnx", url="https://example.org/a.onnx"),)),
        record(LARGE, creators=many),
        record(MERGED, identifiers=tuple(starmap(Identifier, OTHERS))),
        *map(record, (LINKSET, RELATED, ABOVE, ODD)),
        hostile(),
    ]


def twins() -> list[ModelRecord]:
    """Two records with the same weights."""
    same = (Identifier("fingerprint", FINGERPRINT, with_rule("computed from a.onnx")),)
    return [record(pid, f"Twin {pid[-1]}", identifiers=same) for pid in TWINS]
