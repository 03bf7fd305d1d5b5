# SPDX-License-Identifier: MIT
"""An indicator of F2: the record says which experiment the model was made for."""

from fairreg.assessment.base import Finding, indicator
from fairreg.assessment.evidence import Evidence
from fairreg.assessment.findings import cite_record, partial, passed

_EXPERIMENTS = frozenset({"alice", "atlas", "cms", "lhcb"})


@indicator(
    "F2-90",
    weight=1,
    title="Experiment among the keywords",
    passes="an experiment among the keywords",
    partial="keywords without an experiment, or none",
    fails="never: an experiment is not essential",
)
def names_its_experiment(evidence: Evidence) -> Finding:
    """Look for the name of an LHC experiment among the record's keywords."""
    found = [word for word in evidence.record.keywords if word.casefold() in _EXPERIMENTS]
    if found:
        cited = cite_record(evidence, "keywords", found[0])
        return passed(f"The record names the experiment {found[0]}.", cited)
    return partial("No keyword names an experiment.", remedy="Add the experiment to the keywords.")
