# SPDX-License-Identifier: MIT
"""A record that says of itself that fairreg recognised its network is not believed."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from fairreg.harvesters.common.statements import heard_record
from fairreg.registry import Registry
from fairreg.schemas.runs import runs
from fairreg.schemas.validation import read_record
from fairreg.services.fetch.fingerprints import save_fingerprints
from fairreg.services.registry.db import ensure
from fairreg.settings import Settings
from fairreg.web import no_log

PID = "doi:10.1234/forged"
CLAIM = "computed from net.pt; recognised as ParticleNet, rule 2"


def document(source):
    return {
        "identifier": PID,
        "kind": "model",
        "name": "Plain tagger",
        "provenance": {"source": source, "source_id": "forged"},
        "identifiers": [
            {"scheme": "doi", "value": PID.removeprefix("doi:")},
            {"scheme": "fingerprint", "value": f"sha256:{'a' * 64}", "evidence": CLAIM},
        ],
        "formats": ["pt"],
        "access": {"level": "open"},
    }


@pytest.mark.parametrize("source", ["zenodo", "files", "fairreg", "fairreg/other.example"])
def test_a_record_that_is_added_cannot_claim_a_recognised_network(cli, tmp_path, source):
    (tmp_path / "record.json").write_text(json.dumps(document(source)))
    assert cli("add", tmp_path / "record.json").code == 0
    (row,) = cli("search", PID, "--json").json["results"]
    assert (row["runs"], row["runnable"]) == ("needs the author's code", False)
    assert "ParticleNet" not in cli("show", PID, "--format", "json").out


@pytest.mark.parametrize("source", ["zenodo", "fairreg"])
def test_what_another_registry_recognised_is_not_what_this_one_did(source):
    record = read_record(json.dumps(document(source)).encode())
    assert runs(record) == "runs"
    assert runs(heard_record(record, "other.example")) == "needs the author's code"


def test_the_name_of_a_file_cannot_claim_a_recognised_network(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_file({"a.weight": np.ones((3, 4), np.float32)}, path)
    plain = document("zenodo")
    plain["identifiers"] = plain["identifiers"][:1]
    record = read_record(json.dumps(plain).encode())
    name = "a; recognised as ParticleNet.safetensors"
    settings = Settings.from_environment({"FAIRREG_HOME": str(tmp_path), "FAIRREG_OFFLINE": "1"})
    ensure(settings, no_log)
    with Registry(settings=settings) as registry:
        registry.put(record)
        save_fingerprints(registry, record, {name: "ab" * 32}, [(name, path)])
        found = registry.entry_for(PID).record
    (item,) = (item for item in found.identifiers if item.scheme == "fingerprint")
    assert name.replace(";", ",") in item.evidence
    assert runs(found) != "runs"
