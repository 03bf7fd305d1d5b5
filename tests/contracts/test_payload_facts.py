# SPDX-License-Identifier: MIT
"""Spot checks: what the recorded payloads say, read from them by hand, is what their records say.

`creators` are how many there are, the first one's name and ORCID; `files` how many, the first one's name,
size and checksum; `dates` those of creation, publication and modification; `relations` (type, target) that
are among the record's. None: the payload states nothing of the kind.
"""

from dataclasses import dataclass

import payload_table
import pytest

from fairreg import harvesters


@dataclass(frozen=True)
class Facts:
    source: str
    file: str
    key: str | None
    title: str
    creators: tuple[int, str | None, str | None]
    licence: str | None
    files: tuple[int, str | None, int | None, str | None]
    dates: tuple[str | None, str | None, str | None]
    relations: tuple[tuple[str, str], ...]


NONE = (0, None, None)
NO_FILES = (0, None, None, None)
FACTS = [
    Facts(
        "zenodo", "zenodo/new/record-7834392.json", None,
        "A large-scale COVID-19 Twitter chatter dataset for open scientific research - an international "
        "collaboration",
        (9, "Banda, Juan M.", "0000-0001-8499-824X"),
        "other-pd",
        (24, "frequent_trigrams.csv", 24991, "md5:b1f7edcfd008053c53659131f654f17d"),
        ("2023-04-17T12:14:31.538682+00:00", "2023-04-16", "2023-04-17T14:26:45.792430+00:00"),
        (("is_supplement_to", "arxiv:2004.03688"),),
    ),
    Facts(
        "zenodo", "zenodo/legacy/record-3459420.json", None,
        "A global network of biomedical relationships derived from text",
        (2, "Percha, Bethany", None),
        "CC-BY-4.0",
        (
            12, "part-i-chemical-disease-path-theme-distributions.txt.gz", 76685159,
            "md5:9e3800d4122de9233cf7884fbe57ec5e",
        ),
        ("2019-09-24T23:01:29.515343+00:00", "2019-09-24", "2019-09-25T07:06:04.731448+00:00"),
        (("is_version_of", "doi:10.5281/zenodo.1035252"),),
    ),
    Facts(
        "zenodo", "zenodo/new/search-1hit-7085903-multifile.json", None,
        "CINWA: Database of Cultivated plants and their names in the indigenous languages of South America",
        (4, "Aguilar Panchi, Evelyn Michelle", None),
        "CC-BY-4.0",
        (5, "plant_data.tsv", 23569, "md5:ee0e2bd34c66a49c6303b86aeaf8224c"),
        ("2022-09-16T12:53:46.033945+00:00", "2022-09-16", "2022-09-18T02:26:39.492151+00:00"),
        (("is_version_of", "doi:10.5281/zenodo.7085902"),),
    ),
    Facts(
        "zenodo", "zenodo/inveniordm-native/caltechdata-tccon-software.json", None,
        "WennbergLab/py-ginput: ginput v1.1.6 release",
        (1, "Joshua (Josh) Laughner", None),
        None,
        NO_FILES,
        ("2022-09-19T17:51:22.646699+00:00", "2022-09-08", "2022-11-23T23:31:33.018091+00:00"),
        (("is_identical_to", "github:WennbergLab/py-ginput"),),
    ),
    Facts(
        "zenodo_oai", "zenodo/oai/aiod-list_records_1.xml", "7947283",
        "kogalab21/all-alpha_design",
        (1, "Nobuyasu Koga", None),
        "Other (Open)",
        NO_FILES,
        (None, "2023-05-18", "2023-05-23T08:38:27Z"),
        (
            ("is_supplement_to", "github:kogalab21/all-alpha_design"),
            ("is_version_of", "doi:10.5281/zenodo.7947261"),
        ),
    ),
    Facts(
        "zenodo_oai", "zenodo/oai/aiod-list_records_1.xml", "7961708",
        "Original review of specificity in the interaction between pathogen invasion and host organism",
        (1, "Liu Huan", "0000-0003-4881-8509"),
        None,
        NO_FILES,
        (None, "2023-05-23", "2023-05-23T08:26:48Z"),
        (),
    ),
    Facts(
        "zenodo_oai", "zenodo/oai/aiod-list_records_1.xml", "7555467",
        'Supporting data for "SpheroScan: A User-Friendly Deep Learning Tool for Spheroid Image Analysis"',
        (10, "Akshay Akshay", "0000-0003-3186-7478"),
        "CC0-1.0",
        NO_FILES,
        (None, "2023-01-20", "2023-05-23T08:09:18Z"),
        (("is_version_of", "doi:10.5281/zenodo.7555466"),),
    ),
    Facts(
        "datacite", "datacite/10.5281_zenodo.8347772.json", None,
        "F-UJI - An Automated FAIR Data Assessment Tool",
        (2, "Devaraju, Anusuriya", "0000-0003-0870-3192"),
        "MIT",
        NO_FILES,
        (None, "2023-09-15", "2023-09-15T07:19:38.000Z"),
        (
            ("is_supplement_to", "github:pangaea-data-publisher/fuji"),
            ("is_version_of", "doi:10.5281/zenodo.6361400"),
        ),
    ),
    Facts(
        "datacite", "datacite/10.5061_dryad.8515.bol.json", None,
        "Data from: A new malaria agent in African hominids.",
        (8, "Ollomo, Benjamin", None),
        "CC0-1.0",
        NO_FILES,
        (None, "2011", "2020-10-15T04:42:18.000Z"),
        (("cites", "doi:10.1371/journal.ppat.1000446"),),
    ),
    Facts(
        "datacite", "doi/8347772-datacite.json", None,
        "F-UJI - An Automated FAIR Data Assessment Tool",
        (2, "Devaraju, Anusuriya", "0000-0003-0870-3192"),
        "MIT",
        NO_FILES,
        (None, "2023-09-15", None),
        (("is_version_of", "doi:10.5281/zenodo.6361400"),),
    ),
    Facts(
        "huggingface", "huggingface/model-info/google-bert__bert-base-uncased.json", None,
        "bert-base-uncased",
        (1, "google-bert", None),
        "Apache-2.0",
        (16, ".gitattributes", None, None),
        (None, None, "2024-02-19T11:06:12.000Z"),
        (("trained_on", "huggingface:datasets/bookcorpus"), ("trained_on", "huggingface:datasets/wikipedia")),
    ),
    Facts(
        "huggingface", "huggingface/model-info/sentence-transformers__paraphrase-albert-small-v2.json", None,
        "paraphrase-albert-small-v2",
        (1, "sentence-transformers", None),
        "Apache-2.0",
        (28, ".gitattributes", None, None),
        (None, None, "2024-11-05T18:20:00.000Z"),
        (
            ("trained_on", "huggingface:datasets/flax-sentence-embeddings/stackexchange_xml"),
            ("trained_on", "huggingface:datasets/yahoo_answers_topics"),
        ),
    ),
    Facts(
        "huggingface", "huggingface/model-info/stabilityai__stable-diffusion-2-1.json", None,
        "stable-diffusion-2-1",
        (1, "stabilityai", None),
        "openrail++",
        (28, ".gitattributes", None, None),
        ("2022-12-06T17:24:51.000Z", None, "2023-07-05T16:19:17.000Z"),
        (("cites", "arxiv:2112.10752"), ("cites", "arxiv:2202.00512")),
    ),
    Facts(
        "github", "github/iga/caltechlibrary-handprint/repo.json", None,
        "Handprint: Run handwritten text recognition services on images of documents",
        (1, "Hucka, Michael", "0000-0001-9105-5960"),
        "BSD-3-Clause",
        (6, "handprint1.6.0-linux-python3.10.zip", 72189021, None),
        ("2018-08-26T17:49:03Z", "2022-06-25T02:17:22Z", "2022-12-26T21:35:25Z"),
        (("related_to", "doi:10.22002/20207"),),
    ),
    Facts(
        "github", "github/iga/stain-signposting/repo.json", None,
        "Signposting link parser library",
        (2, "Soiland-Reyes, Stian", "0000-0001-9842-9718"),
        "Apache-2.0",
        NO_FILES,
        ("2022-04-01T10:12:21Z", "2022-10-27T08:04:55Z", "2022-10-19T13:28:21Z"),
        (("is_supplemented_by", "doi:10.5281/zenodo.6815412"),),
    ),
    Facts(
        "github", "github/2024/repo-fuji.json", None,
        "fuji",
        (1, "pangaea-data-publisher", None),
        "MIT",
        NO_FILES,
        ("2020-04-28T15:33:40Z", None, "2024-05-03T07:28:55Z"),
        (),
    ),
    Facts(
        "dlhub", "dlhub/all-servables-2019.json", "lzhengchun_globusid/TomoGAN",
        "TomoGAN: Low-Dose X-Ray Tomography with Generative Adversarial Networks",
        (6, "Liu, Zhengchun", None),
        None,
        (3, "saved_model.pb", None, None),
        (None, "2019-04-10T15:08:17+00:00", None),
        (),
    ),
    Facts(
        "dlhub", "dlhub/all-servables-2019.json", "ryan_globusid/candle_p1b1_demo1",
        "CANDLE P1B1 Demo1",
        (1, "Team, CANDLE", None),
        None,
        (1, "p1b1.h5", None, None),
        (None, "2019-02-25T20:02:05+00:00", None),
        (),
    ),
    Facts(
        "dlhub", "dlhub/all-servables-2019.json", "loganw_globusid/g4mp2_delta_schnet",
        "SchNet Model to Predict G4MP2 Activation Energy from B3LYP Energy and Coordinates",
        (6, "Ward, Logan", None),
        None,
        (13, "model/architecture.pth", None, None),
        (None, "2019-04-02T17:43:37+00:00", None),
        (("requires", "doi:10.1021/acs.jctc.8b00908"),),
    ),
    Facts(
        "cernopendata", "cern-opendata/record-12102-HiggsToBBNTuple.json", None,
        "Sample with jet, track and secondary vertex properties for Hbb tagging ML studies "
        "HiggsToBBNTuple_HiggsToBB_QCD_RunII_13TeV_MC",
        (1, "Duarte, Javier", "0000-0002-5076-7096"),
        "CC0-1.0",
        (8, "HiggsToBBNTuple_HiggsToBB_QCD_RunII_13TeV_MC_test_h5_file_index.json", 2433, "adler32:f71e044f"),
        ("2019", "2019", None),
        (("is_derived_from", "cernopendata:12000"), ("is_derived_from", "cernopendata:12002")),
    ),
    Facts(
        "cernopendata", "cern-opendata/atlas-higgs-challenge-2014.json", None,
        "Dataset from the ATLAS Higgs Boson Machine Learning Challenge 2014",
        (1, "ATLAS collaboration", None),
        None,
        (1, "atlas-higgs-challenge-2014-v2.csv.gz", 65630848, "adler32:e4717bbe"),
        (None, "2014", None),
        (("is_documented_by", "cernopendata:329"), ("related_to", "kaggle:c/higgs-boson")),
    ),
    Facts(
        "cernopendata", "cern-opendata/cms-tools-Run2-datascience.json", None,
        "JetNtupleProducerTool - Jet tuple producer from CMS Run2 MiniAOD",
        (1, "Kallonen, Kimmo", "0000-0001-9769-7163"),
        "GPL-3.0-only",
        (1, "JetNtupleProducerTool-1.0.zip", 858332, "adler32:23625e68"),
        ("2019", "2019", None),
        (("related_to", "cernopendata:12100"),),
    ),
    *(
        Facts(
            "openml", f"openml/aiod-mlmodel_{number}.json", None,
            f"openml.evaluation.{name}",
            (1, "Jan N. van Rijn", None),
            "public domain",
            NO_FILES,
            (None, "2014-01-16T14:12:56", None),
            (),
        )
        for number, name in enumerate(("EuclideanDistance", "PolynomialKernel", "RBFKernel"), 1)
    ),
    *(
        Facts(
            "garden", f"dlhub/garden-{name}.json", None,
            "Semiconductor property prediction models",
            (1, "Will Engler", None),
            None,
            NO_FILES,
            (None, "2020", None),
            (("has_part", f"garden:modal_function/{part}"),),
        )
        for name, part in (
            ("garden_nested_metadata_response", 42), ("garden_nested_metadata_with_modal_class", 44)
        )
    ),
    Facts(
        "garden", "dlhub/garden-modal_function_metadata.json", None,
        "Test Function",
        (1, "owen :)", None),
        None,
        NO_FILES,
        (None, "2024", None),
        (("requires", "huggingface:Garden-AI/sklearn-iris"),),
    ),
]  # fmt: skip


def record_of(shared, facts):
    """The record of the file, or the one of its source's id `key`."""
    found = payload_table.payloads(shared / "payloads" / facts.file, facts.source)
    records = [harvesters.get(facts.source).to_record(payload) for _, payload in found]
    return next(item for item in records if facts.key in {None, item.provenance.source_id})


@pytest.mark.shared
@pytest.mark.parametrize("facts", FACTS, ids=lambda item: f"{item.file}-{item.key}")
def test_a_record_says_what_its_payload_says(shared, facts):
    record = record_of(shared, facts)
    first = record.creators[0] if record.creators else None
    file = record.distributions[0] if record.distributions else None
    assert record.name == facts.title
    assert facts.creators == (len(record.creators), first and first.name, first and first.orcid)
    assert (record.license or record.license_stated) == facts.licence
    checksum = file.checksums[0] if file and file.checksums else None
    assert facts.files == (len(record.distributions), file and file.name, file and file.size, checksum)
    assert facts.dates == (record.date_created, record.date_published, record.date_modified)
    stated = {(item.type, item.target.compact) for item in record.relations}
    assert set(facts.relations) <= stated
    assert bool(facts.relations) or not stated


def test_every_source_is_checked_by_at_least_three_payloads():
    checked = [facts.source for facts in FACTS]
    assert [name for name in harvesters.names() if checked.count(name) < 3] == []
