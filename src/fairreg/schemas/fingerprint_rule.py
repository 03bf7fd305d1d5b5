# SPDX-License-Identifier: MIT
"""The number of the rule (docs/fingerprints.md) by which a fingerprint was computed.

It stands in the evidence of each fingerprint and in the payload of the statement that holds them.
Fingerprints of different rules are of different tensors of a file, so equal ones link only under one rule.
"""

import json
import re
from collections.abc import Mapping

__all__ = ["RULE", "is_outdated", "payload_of", "recognised_in", "rule_in", "unrecognised", "with_rule"]

# Number of the rule by which fingerprints are computed.
RULE = 2

_RULE = re.compile(r", rule ([0-9]{1,3})$")
_CLAIM = "; recognised as "
_RECOGNISED = re.compile(r"; recognised as ([^;]{1,100}), rule [0-9]{1,3}$")


def with_rule(evidence: str, recognised: str | None = None) -> str:
    """Add the number of today's rule to the evidence of a fingerprint, after the name of the network.

    `recognised` is the title of the network that fairreg recognised in the weights.
    """
    network = f"{_CLAIM}{recognised}" if recognised else ""
    return f"{evidence}{network}, rule {RULE}"


def recognised_in(evidence: str | None) -> str | None:
    """Return the network that the evidence of a fingerprint names, None without one."""
    found = _RECOGNISED.search(evidence or "")
    return found[1] if found else None


def unrecognised(evidence: str) -> str:
    """Return the evidence of a fingerprint without the networks that it names, which only this one can tell.

    >>> unrecognised("computed; recognised as ParticleNet, rule 2")
    'computed, rule 2'
    """
    rule = _RULE.search(evidence)
    if rule is None:
        return evidence
    # Without a pattern, whose time would grow with the square of a text of others.
    parts = evidence[: rule.start()].split(_CLAIM)
    while len(parts) > 1 and ";" not in parts[-1]:
        parts.pop()
    return _CLAIM.join(parts) + evidence[rule.start() :]


def rule_in(evidence: str | None) -> int:
    """Return the number of the rule in the evidence; none stands there in statements of rule 1."""
    found = _RULE.search(evidence or "")
    return int(found[1]) if found else 1


def payload_of(files: Mapping[str, str]) -> bytes:
    """Return the payload of a statement of fingerprints of `files` (name -> hex sha256) by today's rule."""
    return json.dumps({"files": dict(files), "rules": str(RULE)}, sort_keys=True).encode()


def is_outdated(payload: bytes | None) -> bool:
    """Tell whether the payload of a statement of fingerprints is of another rule than today's."""
    try:
        document = json.loads(payload or b"")
    except ValueError:
        return False
    return isinstance(document, dict) and "rules" in document and document["rules"] != str(RULE)
