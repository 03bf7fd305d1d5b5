# SPDX-License-Identifier: MIT
"""Find, fetch, verify, run, cite and assess trained AI models by their DOI.

The functions are the commands of ``fairreg``, with the same names and parameters. This is a first session;
what it makes is kept below FAIRREG_HOME. A notebook shows each result as a table.

Find a model. A report is a list of results, best first; ``to_pandas`` makes a table of it:

    >>> import fairreg
    >>> found = fairreg.search("Hbb tagger", kind="model", limit=5)
    >>> found[0]
    <SearchRow 10.5281/zenodo.7305227 'Hbb Interaction Network (FAIR4HEP)' model>
    >>> [row.name for row in found if row.license == "MIT"]
    ['Hbb Interaction Network (FAIR4HEP)', ...]

Look at its record, and write it in the format of another tool:

    >>> record = fairreg.show("10.5281/zenodo.7305227")
    >>> record.license, record.frameworks
    ('MIT', ('PyTorch',))
    >>> print(fairreg.show(record.doi, format="bibtex"))
    @software{duarte2022hbb...

Cite it:

    >>> print(fairreg.cite(record.doi))
    Duarte, J. M., Li, B., Roy, A., & Zhu, R. (2022). Hbb Interaction Network...

Run it on arrays. ``load`` takes a DOI or a file, here weights that come with fairreg:

    >>> import numpy
    >>> model = fairreg.load("catalogue:fairreg-hbb-reference-1")
    >>> model
    <HbbRunner onnx on cpu: input_cpf float32 (N, 30, 60), input_sv ... -> probabilities float32 (N, 2)>
    >>> tracks, vertices = numpy.zeros((4, 30, 60), "float32"), numpy.zeros((4, 14, 5), "float32")
    >>> model.predict(tracks, vertices).shape
    (4, 2)

``fetch`` only gets the files, each checked against its published checksum; ``dry_run`` lists them. ``run``
reads the inputs from files, and without any runs the test vectors that were published with the model:

    >>> fairreg.fetch("catalogue:fairreg-hbb-reference-1").models
    (...Path('...reference.onnx'), ...)

Ask how FAIR it is. ``offline`` reads only what the registry knows; a score is a range as long as something
is unknown:

    >>> report = fairreg.assess(record.doi, offline=True)
    >>> report.interval
    (0.0..., ...)
    >>> [step.remedy for step in report.do_first]
    [...]

An error is one sentence, with the next step as its hint:

    >>> fairreg.search("tagger", license="MTI")
    Traceback (most recent call last):
    fairreg.errors.UsageError: No record has the license 'MTI'.
    Hint: ...

More: ``harvest`` a source into the registry, ``validate`` and ``add`` a record of your own, ``export`` all of
it to a file and ``import_`` such a file, let ``doctor`` examine the installation, ``link`` and ``unlink``
what is one model, ``resolve`` an identifier, ``inspect`` and ``convert`` a model file, compare weights by
their ``fingerprint``; `Registry` is the database itself. Stable names: docs/reference/python.md.

Names are imported on first use, so that ``import fairreg`` is fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairreg import harvesters
    from fairreg.schemas.record import ModelRecord
    from fairreg.services.api import Registry, assess, cite, doctor, fetch, resolve, search, show
    from fairreg.services.comparison_api import diff, lock, verify
    from fairreg.services.model_api import convert, fingerprint, inspect, load, run
    from fairreg.services.registry_api import add, export, harvest, import_, link, unlink, validate

    __version__: str

__all__ = [
    "ModelRecord",
    "Registry",
    "add",
    "assess",
    "cite",
    "convert",
    "diff",
    "doctor",
    "export",
    "fetch",
    "fingerprint",
    "harvest",
    "harvesters",
    "import_",
    "inspect",
    "link",
    "load",
    "lock",
    "resolve",
    "run",
    "search",
    "show",
    "unlink",
    "validate",
    "verify",
]

# Module of each name that is not in `fairreg.services.api`.
_HOMES = {
    "ModelRecord": "fairreg.schemas.record",
    **dict.fromkeys(("diff", "lock", "verify"), "fairreg.services.comparison_api"),
    **dict.fromkeys(("convert", "fingerprint", "inspect", "load", "run"), "fairreg.services.model_api"),
    **dict.fromkeys(
        ("add", "export", "harvest", "import_", "link", "unlink", "validate"), "fairreg.services.registry_api"
    ),
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("fairreg")
    if name not in __all__:
        raise AttributeError(f"module 'fairreg' has no attribute {name!r}")
    if name == "harvesters":
        return import_module("fairreg.harvesters")
    return getattr(import_module(_HOMES.get(name, "fairreg.services.api")), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__, "__version__"])
