# SPDX-License-Identifier: MIT
"""Two constructed repositories of the Hugging Face Hub: a bare README, and a full card with a DOI.

No such repositories exist. Every payload here was written by hand after the shapes that the Hub and DataCite
document; the weights are random. The bare one has what an export tool leaves behind and nothing that its
author wrote: an ONNX file, the sizes of its network and a list of packages without versions. The full one's
DOI was minted after its card was written, as the Hub has it, so the card does not carry it.
"""

import hashlib

import numpy as np

from fairreg.models.hbb_in.network import onnx_bytes
from support.networks import SMALL, random_tensors
from support.weight_files import Files

BARE, FULL, DATA = "lab/export", "lab/jettagger", "lab/jets"
DOI, PAPER_DOI = "10.57967/hf/990001", "10.1088/2632-2153/ad12e3"
SHA, DATA_SHA = "3f" * 20, "5a" * 20
PAGE = "<html><head><title>A model of the lab</title></head></html>"
DATA_PAGE = (
    '<html><script type="application/ld+json">{"@context": "https://schema.org", "@type": "Dataset",'
    ' "name": "Simulated jets"}</script></html>'
)
_BARE_CARD = "# export\n\nThis model was exported to ONNX.\n"
_CONFIG = b'{"model_type": "interaction-network", "hidden_size": 64, "dropout": 0.1}'
_REQUIREMENTS = b"numpy\nonnxruntime\n"
_DATA_CARD = """---
license: cc0-1.0
pretty_name: Simulated jets
task_categories: [tabular-classification]
tags: [physics, jets, simulation]
---
# Simulated jets

Jets of a fast simulation, each with its tracks and its secondary vertices and the flavour of the parton
that it comes from. The files are Parquet, one row a jet.
"""
_FULL_CARD = f"""---
license: mit
library_name: onnx
pipeline_tag: tabular-classification
language: en
tags: [physics, jets, higgs-boson, graph-neural-network]
datasets: [{DATA}]
model-index:
- name: jettagger
  results:
  - task: {{type: tabular-classification}}
    dataset: {{name: Simulated jets, type: {DATA}, split: test}}
    metrics:
    - {{type: roc_auc, name: ROC AUC, value: 0.93}}
---
# Jet tagger

An interaction network that tells jets with a Higgs boson that decays to a pair of bottom quarks from jets of
quantum chromodynamics. It reads up to sixty tracks and five secondary vertices of one jet, and gives the two
probabilities. It was trained on simulated jets of proton collisions at 13 TeV, and is described in
[Duarte et al.](https://doi.org/{PAPER_DOI}), arXiv:2212.05081. The code that trains it lies at
https://github.com/lab/jettagger.

## Intended use

The network is meant for studies of jet substructure and for teaching: it takes the tracks and the secondary
vertices of one large-radius jet, in the order and the units of the table below, and gives its probability to
hold a Higgs boson.

## Limitations

Do not use the network on data of a detector without a calibration of your own, nor on jets below 300 GeV or
above 2 TeV, where it has seen nothing. The simulation has no pile-up, so that any result on busy events is
biased towards the background.

## How to use

```python
import onnxruntime

session = onnxruntime.InferenceSession("model.onnx")
```

Inputs are Parquet files of tracks and vertices; lengths are in mm, momenta in GeV.

## Training

| setting | value |
|---|---|
| optimizer | Adam |
| learning_rate | 0.0001 |
| batch_size | 128 |
| epochs | 100 |
| seed | 42 |

80 % of the jets were for training, 10 % for validation and 10 % for tests. It was trained from scratch on an
NVIDIA V100 with PyTorch 1.13.
"""


def _file(name, content, *, large=False):
    listed = {"rfilename": name, "size": len(content)}
    digest = hashlib.sha256(content).hexdigest()
    return listed | ({"lfs": {"sha256": digest, "size": len(content)}} if large else {})


def _info(name, files, **more):
    return {
        "id": name,
        "modelId": name,
        "author": name.partition("/")[0],
        "sha": SHA,
        "createdAt": "2024-05-01T08:00:00.000Z",
        "lastModified": "2024-05-02T08:00:00.000Z",
        "private": False,
        "gated": False,
        "disabled": False,
        "siblings": [
            _file(path, content, large=path.endswith((".onnx", ".safetensors")))
            for path, content in files.items()
        ],
    } | more


def bare_files():
    return {
        "README.md": _BARE_CARD.encode(),
        "config.json": _CONFIG,
        "model.onnx": Files.onnx({"layer.weight": np.ones((2, 3), "float32")}),
        "requirements.txt": _REQUIREMENTS,
    }


def full_files():
    tensors = random_tensors(SMALL)
    return {
        "README.md": _FULL_CARD.encode(),
        "model.onnx": onnx_bytes(tensors),
        "model.safetensors": Files.safetensors(tensors),
        "preprocess.py": b"import pyarrow.parquet\n",
        "requirements.txt": _REQUIREMENTS,
    }


def bare_info():
    return _info(BARE, bare_files(), tags=["onnx", "region:us"], config={"model_type": "interaction-network"})


def full_info():
    tags = ["onnx", "safetensors", "physics", "jets", "higgs-boson", "graph-neural-network"]
    tags += [f"dataset:{DATA}", "arxiv:2212.05081", "license:mit", f"doi:{DOI}"]
    return _info(
        FULL,
        full_files(),
        tags=tags,
        pipeline_tag="tabular-classification",
        library_name="onnx",
        config={"model_type": "interaction-network"},
        safetensors={"parameters": {"F32": 25_000}, "total": 25_000},
    )


def data_info():
    files = {"README.md": _DATA_CARD.encode(), "jets.parquet": b"PAR1" + bytes(100) + b"PAR1"}
    return _info(DATA, files, sha=DATA_SHA, tags=["license:cc0-1.0", "format:parquet", "physics", "jets"])


def served_files():
    """Every file by the path that the stand-in for the Hub knows it by."""
    both = ((BARE, bare_files()), (FULL, full_files()))
    data = {f"datasets/{DATA}/README.md": _DATA_CARD, f"datasets/{DATA}/jets.parquet": b"PAR1" + bytes(104)}
    return {f"{name}/{path}": content for name, files in both for path, content in files.items()} | data


def registration():
    """DataCite's JSON:API document of the full one's DOI."""
    people = [("Lovelace, Ada", "0000-0002-1825-0097"), ("Noether, Emmy", "0000-0001-5109-3700")]
    creators = [
        {
            "name": name,
            "nameType": "Personal",
            "nameIdentifiers": [
                {"nameIdentifier": f"https://orcid.org/{orcid}", "nameIdentifierScheme": "ORCID"}
            ],
        }
        for name, orcid in people
    ]
    attributes = {
        "doi": DOI,
        "prefix": "10.57967",
        "creators": creators,
        "titles": [{"title": "jettagger (Revision 3f3f3f3)"}],
        "publisher": "Hugging Face",
        "publicationYear": 2024,
        "types": {"resourceTypeGeneral": "Model"},
        "relatedIdentifiers": [],
        "rightsList": [],
        "descriptions": [],
        "url": f"https://huggingface.co/{FULL}",
        "state": "findable",
    }
    return {"data": {"id": DOI, "type": "dois", "attributes": attributes}}
