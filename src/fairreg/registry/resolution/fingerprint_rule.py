# SPDX-License-Identifier: MIT
"""The number of the rule (docs/fingerprints.md) by which a fingerprint was computed, in the evidence of it.

Fingerprints of different rules are of different tensors of a file, so equal ones link only under one rule.
"""

import re

__all__ = ["rule_in", "with_rule"]

_RULE = re.compile(r", rule ([0-9]{1,3})$")


def with_rule(evidence: str, rule: int) -> str:
    """Add the number of the rule to the evidence of a fingerprint."""
    return f"{evidence}, rule {rule}"


def rule_in(evidence: str | None) -> int:
    """Return the number of the rule in the evidence; none stands there in statements of rule 1."""
    found = _RULE.search(evidence or "")
    return int(found[1]) if found else 1
