# SPDX-License-Identifier: MIT
"""Every JSON document of the command line: its type, and the command lines that print it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from fairreg.schemas.documents import (
    assessments,
    doctor,
    fetches,
    harvests,
    hbb_network,
    hbb_training,
    models,
    projects,
    publications,
    registry,
    runs,
    search,
)
from fairreg.schemas.documents.changes import diffs, locks

__all__ = ["DOCUMENT_FORMS", "DocumentForm"]


class DocumentForm(NamedTuple):
    """Type of a document, or `list` of the type of its items, with command lines that print it."""

    type: Any
    printed_by: tuple[str, ...]


DOCUMENT_FORMS: Mapping[str, DocumentForm] = MappingProxyType(
    {
        "search": DocumentForm(search.SearchDocument, ("search WORDS --json",)),
        "sources": DocumentForm(list[search.ListedSource], ("sources --json", "sources --check --json")),
        "sources-refused": DocumentForm(list[search.RejectedPayloadItem], ("sources --refused --json",)),
        "fetch": DocumentForm(fetches.FetchDocument, ("fetch PID --json", "fetch PID --run --json")),
        "fetch-dry-run": DocumentForm(fetches.FetchPlanDocument, ("fetch PID --dry-run --json",)),
        "run": DocumentForm(runs.RunDocument, ("run MODEL --input FILE --json", "run MODEL --json")),
        "run-many": DocumentForm(
            runs.RunManyDocument,
            ("run MODEL --input FOLDER --json", "run MODEL --input FILE --workers 2 --json"),
        ),
        "inspect": DocumentForm(models.InspectDocument, ("inspect MODEL --json",)),
        "convert-onnx": DocumentForm(models.OnnxDocument, ("convert MODEL --to onnx --json",)),
        "convert-triton": DocumentForm(
            models.TritonDocument, ("convert MODEL --to triton --output FOLDER --json",)
        ),
        "diff": DocumentForm(diffs.DiffDocument, ("diff PID OTHER --json",)),
        "lock": DocumentForm(locks.LockDocument, ("lock PID --json",)),
        "verify": DocumentForm(diffs.VerifyDocument, ("verify --json", "verify FILE --json")),
        "publish": DocumentForm(publications.PublishDocument, ("publish FOLDER --to zenodo --draft --json",)),
        "assess": DocumentForm(assessments.AssessDocument, ("assess PID --json",)),
        "assess-many": DocumentForm(
            assessments.AssessManyDocument, ("assess --all --json", "assess --query WORDS --json")
        ),
        "assess-history": DocumentForm(list[assessments.EarlierAssessment], ("assess PID --history --json",)),
        "new": DocumentForm(
            projects.NewDocument, ("new FOLDER --defaults --json", "new FOLDER --refresh --json")
        ),
        "harvest": DocumentForm(
            list[harvests.HarvestedSource],
            ("harvest zenodo --json", "harvest --collection hep --json"),
        ),
        "harvest-collections": DocumentForm(
            list[harvests.ListedCollection], ("harvest --collections --json",)
        ),
        "harvest-dry-run": DocumentForm(
            harvests.CollectionPlanDocument, ("harvest --collection hep --dry-run --json",)
        ),
        "link": DocumentForm(harvests.LinkedModel, ("link PID OTHER --json",)),
        "unlink": DocumentForm(list[harvests.LinkedModel], ("unlink PID OTHER --json",)),
        "validate": DocumentForm(registry.ValidateDocument, ("validate FILE --json",)),
        "add": DocumentForm(registry.AddDocument, ("add FILE --json",)),
        "import": DocumentForm(registry.ImportDocument, ("import FILE --json",)),
        "import-dump": DocumentForm(harvests.HarvestedSource, ("import FILE --source dlhub --json",)),
        "db-info": DocumentForm(
            registry.RegistryDocument,
            ("db info --json", "db init --json", "db upgrade --json", "db reindex --json"),
        ),
        "db-check": DocumentForm(registry.CheckedRegistryDocument, ("db check --json",)),
        "db-forget": DocumentForm(
            registry.ForgetDocument, ("db forget PID --yes --json", "db forget PID --dry-run --json")
        ),
        "db-forget-undo": DocumentForm(registry.ReadmittedDocument, ("db forget PID --undo --json",)),
        "db-forgotten": DocumentForm(list[registry.ForgottenItem], ("db forgotten --json",)),
        "doctor": DocumentForm(doctor.DoctorDocument, ("doctor --json",)),
        "cache-info": DocumentForm(registry.CacheDocument, ("cache info --json",)),
        "cache-verify": DocumentForm(registry.CacheVerificationDocument, ("cache verify --json",)),
        "cache-ls": DocumentForm(list[registry.CachedRecordItem], ("cache ls --json",)),
        "cache-rm": DocumentForm(registry.RemovedFromCacheDocument, ("cache rm PID --yes --json",)),
        "cache-prune": DocumentForm(
            registry.RemovedFromCacheDocument, ("cache prune --older-than 30d --yes --json",)
        ),
        "cache-clear": DocumentForm(registry.ClearedCacheDocument, ("cache clear --yes --json",)),
        "hbb-simulate": DocumentForm(hbb_training.SimulateDocument, ("hbb simulate --output FOLDER --json",)),
        "hbb-prepare": DocumentForm(hbb_training.PrepareDocument, ("hbb prepare FILE --output FILE --json",)),
        "hbb-train": DocumentForm(hbb_training.TrainDocument, ("hbb train FILE --output FOLDER --json",)),
        "hbb-evaluate": DocumentForm(hbb_training.EvaluateDocument, ("hbb evaluate --json",)),
        "hbb-export": DocumentForm(hbb_network.ExportDocument, ("hbb export FILE --output FILE --json",)),
        "hbb-benchmark": DocumentForm(hbb_network.BenchmarkDocument, ("hbb benchmark --json",)),
        "hbb-explain": DocumentForm(
            hbb_network.ExplainDocument,
            (
                "hbb explain mask --json",
                "hbb explain lrp --json",
                "hbb explain activity --json",
                "hbb explain reoptimise FILE --json",
            ),
        ),
    }
)
