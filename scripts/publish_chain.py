# SPDX-License-Identifier: MIT
"""From an empty folder to a FAIR model: new, train, export, publish, fetch --run, assess. Needs no network.

    python scripts/publish_chain.py [FOLDER]

A local stand-in takes the place of Zenodo, DataCite and doi.org. Three models are published there, and each
is fetched, run and assessed by its DOI in a home that knows nothing of it:

1. the toy model of a project with the default answers: at least 88 %;
2. that of a project whose answers name an author, a repository, a data set and a paper: at least 95 %;
3. fairreg's reference weights, which `fairreg new --from` puts into a project: at least 95 %.

A lower score ends it with exit code 5. FOLDER, by default .publish-demo of the checkout, which is made anew,
holds all that is written.
"""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import chain_data
import yaml
from deposit_stand_in import DepositStandIn, served
from hub_stand_in import HubStandIn
from hub_stand_in import served as hub_served

__all__ = ["Chain", "Scores"]

HOME = Path(__file__).parents[1] / ".publish-demo"
# Expected at least; what is missing is printed with its reason.
TOY, NAMED = 0.88, 0.95
_TOO_LOW = 5  # exit code of assess --min-score
FAIR_DATA = 0.75  # what indicator I2-2 requires of training data
PAPER_OF_TOY = "10.5072/paper-of-the-toy"  # DataCite's prefix for tests
PAPER_OF_JETS = "10.1088/2632-2153/ad12e3"  # Duarte et al. 2023, which describes the network
AUTHOR = {  # a person who does not exist, with the identifier that ORCID gave him for examples
    "author_given": "Josiah",
    "author_family": "Carberry",
    "author_orcid": "0000-0002-1825-0097",
    "author_affiliation": "Brown University",
    "author_ror": "05gq02987",
}
REPOSITORY = "https://github.com/carberry/{name}"
_WEIGHTS = files("fairreg.models.hbb_in").joinpath("weights")


@dataclass(frozen=True)
class Scores:
    """Scores of an assessment, from 0 to 1, and the reason of each indicator below pass, by its name."""

    overall: float | None
    letters: Mapping[str, float | None]
    below: Mapping[str, str]


@dataclass(frozen=True)
class Chain:
    """The steps, as a user would type them, in `folder`, with the services of the stand-in."""

    folder: Path
    stand: DepositStandIn
    hub: HubStandIn

    def toy(self) -> Scores:
        """Publish the toy model of the default answers, which name neither author nor repository."""
        say("The toy model, with the default answers")
        self.fairreg("new", "toy", "--defaults")
        self.train("toy")
        self.fairreg("publish", "toy", "--to", "zenodo")
        if self.stand.published():
            raise RuntimeError("Something was published that nobody asked for.")
        say("Without a terminal and without --yes that was a draft, which nobody else sees.")
        scores = self.published("toy", TOY)
        say("The project's own check, which its workflow runs after each release")
        self.run("make", "assess", f"FAIRREG={sys.executable} -m fairreg", place="toy")
        return scores

    def toy_with_data(self) -> Scores:
        """Publish toy data as a data set, then the model whose answers name it, an author and a paper."""
        say("The toy model again, whose answers name an author, a repository, a data set and a paper")
        repository = REPOSITORY.format(name="tagger")
        self.stand.register(
            PAPER_OF_TOY, paper(PAPER_OF_TOY, "On the toy model", "Carberry, Josiah", 2026, "Nobody")
        )
        data = chain_data.toy_jets(self.folder / "toy", PAPER_OF_TOY)
        answers = {
            **AUTHOR,
            "project_name": "Toy tagger",
            "repository": repository,
            "training_data": self.data_set("toy-data", data, repository=repository),
            "publication": PAPER_OF_TOY,
        }
        self.answers("tagger.yml", answers)
        self.fairreg("new", "tagger", "--answers", "tagger.yml", "--defaults")
        say(
            "The data set is that of the toy, so facts.toml states it and the paper without the # before them"
        )
        facts = self.folder / "tagger" / "facts.toml"
        facts.write_text(stated_facts(facts.read_text("utf-8")), "utf-8")
        self.commit("tagger", "The project")
        self.train("tagger")
        say("The same files at the Hugging Face Hub: reserve the DOI first, and the two name each other")
        self.fairreg("publish", "tagger", "--to", "zenodo", "--reserve-only")
        self.fairreg("publish", "tagger", "--to", "huggingface", "--repository", "lab/tagger", "--yes")
        return self.published("tagger", NAMED)

    def reference(self) -> Scores:
        """Publish fairreg's reference weights, in a project made of the folder that they are in."""
        say("fairreg's reference weights: fairreg new --from")
        title = "FAIR AI models in high energy physics"
        self.stand.register(
            PAPER_OF_JETS, paper(PAPER_OF_JETS, title, "Duarte, Javier", 2023, "IOP Publishing")
        )
        repository = "https://github.com/fairreg/fairreg"
        doi = self.data_set("jets", chain_data.jets(), repository=repository)
        weights = self.folder / "weights"
        weights.mkdir()
        for file in _WEIGHTS.iterdir():
            (weights / file.name).write_bytes(file.read_bytes())
        self.answers("hbb.yml", {**reference_answers(), "training_data": doi, "publication": PAPER_OF_JETS})
        self.fairreg("new", "hbb", "--from", "weights", "--answers", "hbb.yml", "--defaults")
        return self.published("hbb", NAMED)

    def data_set(self, name: str, data: chain_data.DataSet, *, repository: str) -> str:
        """Publish a data set and return its DOI, which is reserved first so that Croissant can hold it."""
        place = self.folder / name
        chain_data.described(data, place, repository=repository)
        self.fairreg("publish", name, "--to", "zenodo", "--reserve-only")
        stated = yaml.safe_load((place / "CITATION.cff").read_text("utf-8"))["doi"]
        chain_data.described(data, place, repository=repository, doi=stated)
        self.fairreg("publish", name, "--to", "zenodo", "--yes")
        self.assessed(stated, FAIR_DATA)
        return str(stated)

    def train(self, name: str) -> None:
        """Do what `make model metadata` of the project does, in the environment of this program."""
        (package,) = (self.folder / name / "src").iterdir()
        for step in ("toy", "train", "export", "evaluate"):
            self.run(sys.executable, "-m", f"{package.name}.{step}", place=name)
        self.fairreg("new", name, "--refresh")

    def published(self, name: str, least: float) -> Scores:
        """Publish a project; fetch, run and assess it by its DOI, in a home that knows nothing of it."""
        self.fairreg("publish", name, "--to", "zenodo", "--yes")
        doi = self.stand.published()[-1].doi or ""
        say("Somebody else, who knows the DOI alone")
        fresh = {"FAIRREG_HOME": str(self.folder / f"home-of-another-{name}")}
        self.fairreg("fetch", doi, "--run", **fresh)
        self.fairreg("show", doi, "--format", "model-card", **fresh)
        return self.assessed(doi, least, **fresh)

    def assessed(self, doi: str, least: float, **variables: str) -> Scores:
        """Assess what has a DOI, and print what is below pass. Raises CalledProcessError below `least`."""
        words = ("assess", doi, "--min-score", str(least), "--json")
        try:
            told = self.fairreg(*words, **variables)
        except subprocess.CalledProcessError as error:
            if error.returncode == _TOO_LOW:
                print(shown(scores_of(json.loads(error.stdout))), flush=True)
            raise
        scores = scores_of(json.loads(told))
        print(shown(scores), flush=True)
        return scores

    def commit(self, name: str, message: str) -> None:
        """Commit all files of a project, so that the record of the training run can name the commit."""
        who = ("-c", "user.name=Josiah Carberry", "-c", "user.email=carberry@example.org")
        self.run("git", "init", "--quiet", place=name)
        self.run("git", "add", "--all", place=name)
        self.run("git", *who, "-c", "commit.gpgsign=false", "commit", "--quiet", "-m", message, place=name)

    def answers(self, name: str, answers: Mapping[str, object]) -> None:
        """Write a file of answers."""
        (self.folder / name).write_text(yaml.safe_dump(dict(answers), allow_unicode=True), "utf-8")

    def fairreg(self, *words: str, **variables: str) -> str:
        """Run fairreg and return its standard output, which is printed, except for --json."""
        return self.run(sys.executable, "-m", "fairreg", *words, **variables)

    def run(self, *words: str, place: str = ".", **variables: str) -> str:
        """Run a program to its end, and return what it printed. Raises CalledProcessError."""
        called = (
            ["fairreg", *words[3:]] if words[1:3] == ("-m", "fairreg") else [Path(words[0]).name, *words[1:]]
        )
        print(f"\n$ {'' if place == '.' else f'cd {place} && '}{shlex.join(called)}", flush=True)
        done = subprocess.run(
            words,
            cwd=self.folder / place,
            env=self.environment | variables,
            check=False,
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        if "--json" not in words:
            print(done.stdout, end="", flush=True)
        done.check_returncode()
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        """That of this program, without its settings of fairreg, and with those of the stand-in."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("FAIRREG_")}
        paths = os.pathsep.join(
            ("src", *map(os.path.abspath, filter(None, own.get("PYTHONPATH", "").split(os.pathsep))))
        )
        home = {"FAIRREG_HOME": str(self.folder / "home"), "PYTHONPATH": paths, "COLUMNS": "110"}
        return own | self.stand.settings | self.hub.settings | home


def stated_facts(text: str) -> str:
    """Return facts.toml of a toy in which data set and paper are stated, which are comments there."""
    for key in ("training_data", "publications"):
        text = text.replace(f"\n# {key} = ", f"\n{key} = ")
    return text


def reference_answers() -> dict[str, object]:
    """Return what is known of the reference weights and stands in no file that `--from` reads.

    Settings and results are those of figures.json beside them; nobody noted the hardware.
    """
    measured = json.loads(_WEIGHTS.joinpath("figures.json").read_text("utf-8"))
    setup, test = measured["setup"], "fairreg open jet sample, 24,000 jets"
    return {
        "package_name": "hbb_reference",
        "more_authors": [{"name": "The fairreg developers"}],
        "repository": "https://github.com/fairreg/fairreg",
        "code_version": "v0.1.0",
        "architecture": "interaction network (graph neural network)",
        "base_model": "none",
        "training_settings": {
            "optimizer": "Adam",
            **{name: setup[name] for name in ("learning_rate", "schedule", "epochs", "batch_size", "seed")},
            "split": {"train": 0.95, "validation": 0.05},
        },
        "evaluations": [
            {
                "metric": "ROC AUC",
                "value": round(measured["test"]["roc_auc"][0], 4),
                "dataset": test,
                "split": "test",
            },
            {
                "metric": "accuracy",
                "value": round(measured["test"]["accuracy"][0], 4),
                "dataset": test,
                "split": "test",
            },
        ],
    }


def paper(doi: str, title: str, author: str, year: int, publisher: str) -> dict[str, Any]:
    """Return a paper in the shape of DataCite's REST API."""
    return {
        "doi": doi,
        "titles": [{"title": title}],
        "creators": [{"name": author, "nameType": "Personal"}],
        "publicationYear": year,
        "publisher": publisher,
        "types": {"resourceTypeGeneral": "JournalArticle"},
        "url": f"https://doi.org/{doi}",
        "state": "findable",
    }


def scores_of(report: Mapping[str, Any]) -> Scores:
    """Return the scores in a document of `fairreg assess --json`."""
    listed = [item for one in report["principles"].values() for item in one["indicators"]]
    below = {item["id"]: item for item in listed if item["verdict"] not in {"pass", "not_applicable"}}
    reasons = {name: f"{item['verdict']}: {item['reason']}" for name, item in below.items()}
    return Scores(report["overall"], report["letters"], reasons)


def shown(scores: Scores) -> str:
    """Return the scores as lines of text."""
    letters = ", ".join(f"{name} {percent(value)}" for name, value in scores.letters.items())
    below = [f"  {name:6} {reason}" for name, reason in scores.below.items()]
    return "\n".join([f"FAIR score {percent(scores.overall)} ({letters}). Below pass:", *below])


def percent(value: float | None) -> str:
    return "unknown" if value is None else f"{100 * value:.1f} %"


def say(text: str) -> None:
    print(f"\n{'=' * 100}\n{text}\n{'=' * 100}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, help="A folder that does not exist yet.")
    stated: Path | None = parser.parse_args().folder
    if stated is not None and stated.exists():
        parser.error(f"{stated} exists already; name another folder.")
    folder = (stated or HOME).absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with served() as stand, hub_served() as hub:
        chain = Chain(folder, stand, hub)
        for step in (chain.toy, chain.toy_with_data, chain.reference):
            try:
                step()
            except subprocess.CalledProcessError as error:
                print(f"This step ended with exit code {error.returncode}.", file=sys.stderr)
                return error.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
