# SPDX-License-Identifier: MIT
"""Sources of records and resolvers of identifiers: one row per service, in this table only.

Settings, pacing, identifiers, landing pages, the precedence of sources and the facts on hosts for FAIR
indicators are read from these rows; `fairreg.source_row` explains the fields. An installed package adds
rows by an entry point in the group ``fairreg.sources`` that names a `Source` or a tuple of them.
"""

from functools import cache
from urllib.parse import unquote

from fairreg.plugins import entry_points_of, load_entry_point, package_of
from fairreg.source_row import (
    ApiDescription,
    IdentifierScheme,
    MetadataTerms,
    MintedDois,
    Named,
    Pace,
    PageAddress,
    PreservationPolicy,
    Source,
    VersionSpelling,
    admit,
    checked_isni,
    checked_orcid,
    checked_ror,
    is_tag,
    unescaped,
)

__all__ = [
    "ARXIV",
    "BUILT_IN",
    "CURATED",
    "DOI",
    "FROM_FILES",
    "HUGGING_FACE",
    "ORCID",
    "OWNER_SLASH_NAME",
    "OWN_SOURCE",
    "POLICIES_DATE",
    "RECORD_FILES",
    "REGISTRAR",
    "RESOLVER",
    "ROR",
    "SHORT_DOI",
    "SWHID",
    "ZENODO",
    "ApiDescription",
    "IdentifierScheme",
    "MetadataTerms",
    "MintedDois",
    "Pace",
    "PageAddress",
    "PreservationPolicy",
    "Source",
    "VersionSpelling",
    "all_sources",
    "code_sites",
    "is_from_files",
    "is_registry",
    "other_registry",
    "scheme_names",
    "schemes",
    "source_named",
]

_NAME = r"[A-Za-z0-9][\w.-]*"
# Archives of arXiv before 2007, whose identifiers have seven digits: hep-ex/012345 is not a repository.
_ARCHIVES = r"(?:hep|nucl|astro|math|quant|chao|cond|gr|q)-(?:ex|ph|th|lat|dyn|mat|qc|bio|fin)/\d+(?:v\d+)?\Z"
# First parts of addresses that are pages of the host itself.
_NO_HUB_OWNER = (
    r"(?:papers|docs|spaces|collections|blog|learn|posts|tasks|chat|api|new|join|login|logout|pricing|enterprise"
    r"|settings|organizations|notifications|search|inference|inference-endpoints|support|oauth|metrics|buckets"
    r"|languages|terms-of-service|privacy|content-policy|brand|changelog|contact|storage|playground)(?:/|\Z)"
    r"|(?:models|datasets|terms|about|jobs|careers|press|security|legal|cookies|status|help|faq|features|partners"
    r"|hardware|tos|welcome|trending|users|billing|activity|new-model|new-dataset|new-space)\Z"
)
_NO_GITHUB_OWNER = (
    r"(?:orgs|organizations|features|topics|collections|marketplace|sponsors|settings|explore|trending|about|apps"
    r"|login|logout|join|signup|search|users|stars|enterprise|enterprises|pricing|security|site|notifications"
    r"|issues|pulls|discussions|codespaces|dashboard|events|new|customer-stories|solutions|resources|readme|team"
    r"|contact|gist|gists|repositories|licenses|copilot|account|blog|sessions|premium-support)/"
)
_SLUG = rf"(?!10\.)(?!{_ARCHIVES}){_NAME}/[A-Za-z0-9._][\w.-]*"
_HUB_ID = rf"(?!(?i:{_NO_HUB_OWNER}))(?:datasets/)?+(?:{_SLUG}|{_NAME})"
_REPOSITORY = (
    rf"((?!10\.)(?!(?i:{_NO_GITHUB_OWNER})){_NAME}/(?!\.git(?:[/@#]|\Z))[A-Za-z0-9._][\w.-]*?)"
    r"(?<!\.)\.*(?:\.git)*(?:[@#]\S*|/(?s:.*))?"  # a dot at the end is that of a sentence
)
# A release by the name of its tag, which may contain "@" (svelte@5.0.0) and slashes.
_RELEASE = rf"({_NAME}/(?!\.)[\w.-]+?)(?<!\.)\.*(?:\.git)*(?:@|/releases/tag/)((?s:.*))"
_DOI = r"(10\.\d{4,9}(?:\.\d+)*/\S+)"  # DOI Handbook 2.2
# A resolver before a DOI, also twice: https://doi.org/doi:10.5281/...
_RESOLVERS = r"^(?i:https?:/{1,2}|(?:www\.|dx\.)?doi\.org/|(?:info:)?doi[:/]\s*|urn:doi:)+"
# Ends of the addresses of publishers' pages: the full text, an abstract, another form.
_FORMS = (
    r"pdf|epdf|epub|html|xml|full|fulltext|full-text|abstract|abs|meta|summary|references|citations|figures"
    r"|metrics|supplementary|supplemental|cite|export|download"
)
_PAGE_OF_DOI = rf"(?:/(?:{_FORMS})|(?:v\d+)?\.(?:full|abstract|short|pdf|html|full\.pdf)|v\d+)?/?"
_PART = r"[^\s/?#&]+?"
_NO_FILE = r"(?!.*\.[A-Za-z]\w{1,4}\Z)"
# Parts of a DOI behind its first two: one; volume, issue and page; more where the name of a form follows.
_MORE_PARTS = (
    rf"(?:(?:/{_NO_FILE}{_PART})??|(?:/\d{{1,5}}){{1,3}}/[A-Za-z]{{0,2}}\d{{1,8}}"
    rf"|(?:/{_NO_FILE}{_PART}){{2,5}}?(?=/(?:{_FORMS})/?(?:[&?#]|\Z)))"
)
# arXiv's archives before April 2007, also those that became a part of another (https://arxiv.org/archive).
_OLD_ARXIV = (
    r"(?:acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs"
    r"|dg-ga|funct-an|gr-qc|hep-(?:ex|lat|ph|th)|math|math-ph|mtrl-th|nlin|nucl-(?:ex|th)|patt-sol|physics|plasm-ph"
    r"|q-alg|q-bio|quant-ph|solv-int|supr-con)(?:\.[A-Z]{2}|\.[a-z]{2,5}-[a-z]{2,5})?/\d{7}"
)
# arXiv's identifier scheme (2007): year, month, number; or archive, subject class, number.
_ARXIV = rf"(?i:(\d{{2}}(?:0[1-9]|1[0-2])\.\d{{4,5}}|{_OLD_ARXIV})(?:v\d+)?)"
# As its listings and the margins of its papers print it: the category, perhaps the date.
_PRINTED_ARXIV = _ARXIV + r"(?i:\s*(?:\[[a-z.-]+\]|\([a-z.-]+\)))?(?i:\s+\d{1,2} [a-z]{3} \d{4})?"
_ORCID_DIGITS = r"(\d{4}-?\d{4}-?\d{4}-?\d{3}[\dXx])"
_ANY = r"((?s:.+))"


def _spelled_out(path: str) -> str:
    """Return the kind of a thing at OpenML in a word: f/61 is flow/61."""
    kinds = {"f": "flow", "d": "data", "t": "task", "r": "run"}
    kind, slash, number = path.partition("/")
    return f"{kinds.get(kind, kind)}{slash}{number}"


def _plain_doi(text: str) -> str | None:
    """Return a DOI in lower case, without a slash at its end.

    The DOI Handbook allows one there; in practice it is that of an address, which no resolver counts.
    """
    doi = text.lower().rstrip("/")
    return doi if "/" in doi else None


DOI = IdentifierScheme(
    "doi",
    _DOI,
    prefixes=("doi:", "doi ", "info:doi/", "urn:doi:", "hdl:", "handle:"),
    pages=(PageAddress(("doi.org", "dx.doi.org"), _DOI, dropped=(_RESOLVERS,)),),
    in_addresses=(rf"(?:.*?[/=:])?(10\.\d{{4,9}}(?:\.\d+)*/{_PART}{_MORE_PARTS}){_PAGE_OF_DOI}(?:[&?#].*)?"),
    resolver="https://doi.org/",
    persistent=True,
    joins=True,
    bare=True,
    prefixed_pages=True,
    page_rank=0,
    stated_as=("doi",),
    readable=unescaped,
    normal=_plain_doi,
)
SHORT_DOI = IdentifierScheme(  # https://shortdoi.org; doi.org knows the whole one
    "short_doi",
    r"(?i:10/([a-z0-9]{2,20}))",
    prefixes=("shortdoi:", "short_doi:", "doi:"),
    pages=(
        PageAddress(("doi.org", "dx.doi.org"), r"(?i:10/([a-z0-9]{2,20}))"),
        PageAddress(("doi.org", "dx.doi.org"), r"(?i:((?=[a-z]*\d)[a-z0-9]{3,8}))"),
    ),
    resolver="https://doi.org/",
    bare=True,
    normal=lambda text: f"10/{text.lower()}",
)
SWHID = IdentifierScheme(  # SWHID specification 1.2
    "swhid",
    r"(swh:1:(?:cnt|dir|rev|rel|snp):[0-9a-f]{40}(?:;\S+)?)",
    prefixes=(
        "swhid:",
        "https://archive.softwareheritage.org/",
    ),
    resolver="https://archive.softwareheritage.org/",
    persistent=True,
    of_content=True,
    bare=True,
    stated_as=("swh", "swhid", "https://registry.identifiers.org/registry/swh"),
    readable=unquote,
)
ORCID = IdentifierScheme(
    "orcid",
    _ORCID_DIGITS,
    prefixes=("orcid:", "orcid id:", "orcid "),
    pages=(
        PageAddress(
            ("orcid.org", "pub.orcid.org"),
            rf"(?:v\d[\d.]*/)?{_ORCID_DIGITS}(?:/.*)?",
            dropped=(r"^(?i:https?:/{1,2}|(?:www\.)?orcid\.org/)+",),
        ),
    ),
    resolver="https://orcid.org/",
    names="person",
    bare=True,
    prefixed_pages=True,
    stated_as=("orcid",),
    normal=checked_orcid,
)
ARXIV = IdentifierScheme(
    "arxiv",
    _PRINTED_ARXIV,
    prefixes=("arxiv preprint arxiv:", "arxiv:", "arxiv "),
    pages=(
        PageAddress(
            ("arxiv.org", "export.arxiv.org"), _ARXIV, dropped=(r"^(?:abs|pdf|html|format)/|\.pdf$",)
        ),
    ),
    carried_by=(
        PageAddress(("huggingface.co", "hf.co"), rf"papers/{_ARXIV}"),
        PageAddress(
            ("ar5iv.org", "ar5iv.labs.arxiv.org", "alphaxiv.org", "browse.arxiv.org", "xxx.lanl.gov"),
            rf"(?:abs|pdf|html)/{_ARXIV}",
        ),
        PageAddress(("inspirehep.net",), rf"(?:api/)?(?:arxiv|eprint)/{_ARXIV}"),
        PageAddress(("ui.adsabs.harvard.edu",), rf"abs/arXiv:{_ARXIV}(?:/.*)?"),
    ),
    resolver="https://arxiv.org/abs/",
    names="paper",
    bare=True,
    prefixed_pages=True,
    page_rank=0,
    stated_as=("arxiv",),
)

POLICIES_DATE = "2026-11"  # when the hosts' own pages were read
_NOT_STATED = "Not stated for metadata."
_ZENODO_TERMS = MetadataTerms(
    "All metadata is licensed under CC0.",
    "https://help.zenodo.org/guides/nih/element5/",
    "CC0-1.0",
    POLICIES_DATE,
)

# Paces are the published limits. Zenodo: 30 searches (https://developers.zenodo.org), and 133 other requests
# of a guest by the X-RateLimit-Limit of its answers; what it allows with a token its answers state, too.
# Hub: https://huggingface.co/docs/hub/rate-limits, per five minutes. GitHub: search limits, and the hourly
# one with a token; the 60 requests per hour of a guest are few enough to be sent at once, and the answers
# state when they are spent. CERN Open Data, OpenML and Globus Search publish no known limit: theirs is our
# choice, one request per second.
ZENODO = Source(
    "zenodo",
    "Zenodo",
    url="https://zenodo.org",
    url_variable="FAIRREG_ZENODO_URL",
    aliases=("www.zenodo.org",),
    token_variable="ZENODO_TOKEN",  # noqa: S106 - the name of a variable
    token_help="Zenodo access token (publishing, 100 instead of 25 hits per page, restricted files)",  # noqa: S106
    pace=Pace(30, 133, 133),
    schemes=(
        IdentifierScheme(
            "zenodo",
            r"(\d{3,10})",
            prefixes=("zenodo:", "oai:zenodo.org:"),
            pages=(
                PageAddress(("zenodo.org",), r"(?:api/)?(?:records?|deposit|uploads)/(\d+)(?:/(?s:.*)|\n)?"),
            ),
            resolver="https://zenodo.org/records/",
            bare=True,
            page_rank=3,
        ),
    ),
    dois=MintedDois(
        "10.5281/zenodo.",
        "zenodo",
        pages=(PageAddress(("zenodo.org",), r"(?i:doi|badge/doi)/(10\.\d{4,9}(?:\.\d+)*/\S+?)(?i:\.svg)?"),),
        badge=r"badge/doi/|zenodo\.org/doi/",
    ),
    rank=0,
    site="zenodo.org",
    policy=PreservationPolicy(
        "keeps",
        "Items are retained for the lifetime of the repository; a withdrawn item leaves a tombstone page.",
        "https://about.zenodo.org/policies/",
        POLICIES_DATE,
    ),
    own_search=True,
    metadata_schema="https://developers.zenodo.org",
    metadata_terms=_ZENODO_TERMS,
    api=ApiDescription("oai-pmh", "https://zenodo.org/oai2d?verb=Identify", b"<Identify>"),
)
REGISTRAR = Source(
    "datacite",
    "DataCite",
    url="https://api.datacite.org",
    url_variable="FAIRREG_DATACITE_URL",
    url_help="base URL of the DataCite REST API",
    pace=Pace(120, 120, 120),
    role="registrar",
    metadata_terms=MetadataTerms(
        "DataCite waives its rights to the deposited metadata (CC0).",
        "https://support.datacite.org/docs/datacite-data-file-use-policy",
        "CC0-1.0",
        POLICIES_DATE,
    ),
)
RESOLVER = Source(
    "doi",
    "doi.org",
    url="https://doi.org",
    url_variable="FAIRREG_DOI_URL",
    url_help="base URL of the DOI resolver",
    aliases=("dx.doi.org", "www.doi.org"),
    pace=Pace(120, 120, 120),
    schemes=(DOI, SHORT_DOI),
    site="doi.org",
)
OWNER_SLASH_NAME = IdentifierScheme(  # interpretation of a bare owner/name
    "huggingface",
    rf"/*({_HUB_ID})",
    prefixes=("huggingface:", "hf:"),
    pages=(
        PageAddress(
            ("huggingface.co", "hf.co"),
            rf"({_HUB_ID})",
            dropped=(
                r"/(?:tree|blob|resolve|raw|commits?|discussions|viewer|croissant|revision|blame|edit)(?:/.*)?$",
                "^api/",
                "^models/",
            ),
        ),
    ),
    resolver="https://huggingface.co/",
    joins=True,
    page_rank=1,
)
HUGGING_FACE = Source(
    "huggingface",
    "Hugging Face",
    url="https://huggingface.co",
    url_variable="HF_ENDPOINT",
    url_help="base URL of the Hugging Face Hub",
    aliases=("hf.co",),
    token_variable="HF_TOKEN",  # noqa: S106
    token_help="Hugging Face access token (publishing, gated models)",  # noqa: S106
    pace=Pace(100, 100, 600),
    token_pace=Pace(200, 200, 1000),
    schemes=(OWNER_SLASH_NAME,),
    rank=1,
    site="huggingface.co",
    policy=PreservationPolicy(
        "owner",
        "Whoever owns a repository may delete it.",
        "https://huggingface.co/docs/huggingface_hub/guides/repository",
        POLICIES_DATE,
    ),
    doi_policy=PreservationPolicy(
        "restricts",
        "A repository with a DOI is deleted or renamed only through the host's support.",
        "https://huggingface.co/docs/hub/doi",
        POLICIES_DATE,
    ),
    own_search=True,
    model_registry=True,
    api=ApiDescription("openapi", "https://huggingface.co/.well-known/openapi.json", b'"openapi"'),
    card="card",
    metadata_terms=MetadataTerms(
        "Terms of service; a model card is part of its repository, under the licence stated there.",
        "https://huggingface.co/terms-of-service",
        date=POLICIES_DATE,
    ),
)
GITHUB = Source(
    "github",
    "GitHub",
    url="https://api.github.com",
    url_variable="FAIRREG_GITHUB_URL",
    url_help="base URL of the GitHub REST API",
    file_hosts=(
        "github.com",
        "www.github.com",
        "raw.githubusercontent.com",
        "media.githubusercontent.com",
        "objects.githubusercontent.com",
        "release-assets.githubusercontent.com",
    ),
    token_variable="GITHUB_TOKEN",  # noqa: S106
    token_help="GitHub access token (higher rate limits)",  # noqa: S106
    pace=Pace(10, 30, 30),
    token_pace=Pace(30, 83, 83),
    schemes=(
        IdentifierScheme(
            "github",
            _REPOSITORY,
            prefixes=(
                "github:",
                "gh:",
                "git@github.com:",
                "ssh://git@github.com/",
                "git+ssh://git@github.com/",
                "git+https://github.com/",
                "git://github.com/",
            ),
            pages=(
                PageAddress(("github.com", "codeload.github.com"), _REPOSITORY),
                PageAddress(("raw.githubusercontent.com",), _REPOSITORY, dropped=("^wiki/(?=[^/]+/[^/]+/)",)),
                PageAddress(("media.githubusercontent.com",), _REPOSITORY, dropped=("^media/",)),
                PageAddress(("api.github.com",), _REPOSITORY, dropped=("^repos/",)),
            ),
            resolver="https://github.com/",
            names="code",
            joins=True,
            page_rank=2,
            stated_as=("github",),
            versions=VersionSpelling(_RELEASE, "/releases/tag/", ("github.com",), is_tag),
        ),
    ),
    rank=2,
    site="github.com",
    policy=PreservationPolicy(
        "owner",
        "Whoever owns a repository may delete it.",
        "https://docs.github.com/en/repositories/creating-and-managing-repositories/deleting-a-repository",
        POLICIES_DATE,
    ),
    own_search=True,
    api=ApiDescription(
        "openapi",
        "https://raw.githubusercontent.com/github/rest-api-description/main/descriptions/api.github.com/"
        "api.github.com.json",
        b'"openapi"',
    ),
    archived_by="zenodo",
    leaves_out_files=True,
    metadata_terms=MetadataTerms(
        "Terms of service, which cover the API; files of a repository are under its own licence.",
        "https://docs.github.com/site-policy/github-terms/github-terms-of-service",
        date=POLICIES_DATE,
    ),
)
CERN_OPEN_DATA = Source(
    "cernopendata",
    "CERN Open Data",
    url="https://opendata.cern.ch",
    url_variable="FAIRREG_CERN_URL",
    url_help="base URL of the CERN Open Data portal",
    pace=Pace(60, 60, 60),
    schemes=(
        IdentifierScheme(
            "cernopendata",
            _ANY,
            prefixes=("cernopendata:",),
            pages=(PageAddress(("opendata.cern.ch",), r"(?:api/)?records?/([^/\s]+)(?:/(?s:.*))?"),),
            resolver="https://opendata.cern.ch/record/",
            page_rank=4,
        ),
    ),
    site="opendata.cern.ch",
    policy=PreservationPolicy(
        "retains",
        "The portal curates what the collaborations release, under their policies of long-term preservation.",
        "https://opendata.cern.ch/record/411",
        POLICIES_DATE,
    ),
    own_search=True,
    metadata_schema="https://github.com/cernopendata/opendata.cern.ch",
    metadata_terms=MetadataTerms(_NOT_STATED, "https://opendata.cern.ch/docs/about"),
)
KAGGLE = IdentifierScheme(
    "kaggle",
    _ANY,
    prefixes=("kaggle:",),
    pages=(PageAddress(("kaggle.com",), _ANY),),
    resolver="https://www.kaggle.com/",
    page_rank=5,
)
PYPI = IdentifierScheme(
    "pypi",
    _ANY,
    prefixes=("pypi:",),
    pages=(PageAddress(("pypi.org",), rf"project/{_ANY}"),),
    resolver="https://pypi.org/project/",
)
ISNI = IdentifierScheme(  # ISO 27729: of people and of organisations
    "isni",
    r"(\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{3}[\dXx])",
    prefixes=("isni:", "isni "),
    pages=(PageAddress(("isni.org",), r"(?:isni|page)/(\d{15}[\dXx])(?:/.*)?"),),
    resolver="https://isni.org/isni/",
    names="person",
    stated_as=("isni",),
    normal=checked_isni,
)
ROR = IdentifierScheme(
    "ror",
    r"(?i:(0[a-hj-km-np-tv-z0-9]{6}\d{2}))",
    prefixes=("ror:",),
    pages=(PageAddress(("ror.org",), r"(?i:(0[a-hj-km-np-tv-z0-9]{6}\d{2}))"),),
    resolver="https://ror.org/",
    names="organization",
    stated_as=("ror",),
    normal=checked_ror,
)
INSPIRE = IdentifierScheme(
    "inspire",
    r"(\d{3,9})",
    prefixes=("inspire:",),
    pages=(PageAddress(("inspirehep.net",), r"(?:api/)?(?:literature|record)/(\d{3,9})(?:/.*)?"),),
    resolver="https://inspirehep.net/literature/",
    names="paper",
    stated_as=("inspire",),
)
HEPDATA = IdentifierScheme(
    "hepdata",
    r"((?:ins)?\d{1,9})",
    prefixes=("hepdata:",),
    pages=(PageAddress(("hepdata.net",), r"record/((?:ins)?\d{1,9})"),),
    resolver="https://www.hepdata.net/record/",
)
CURATED = Source(
    "catalogue",
    "Packaged catalogue",
    role="curated",
    metadata_terms=MetadataTerms(
        "A part of fairreg, under its MIT licence.", "https://spdx.org/licenses/MIT", "MIT"
    ),
    schemes=(IdentifierScheme("catalogue", r"([A-Za-z0-9][\w.-]*)", prefixes=("catalogue:",)),),
)
# Source of facts that fairreg itself found in the files of a record; it is not a host of models.
OWN_SOURCE = "fairreg"
# Before the host of another registry: source of what that one found in files itself, heard from it.
_OTHER_REGISTRY = f"{OWN_SOURCE}/"
# Source of what the authors of a record say of it in its files.
RECORD_FILES = "files"
# Sources that host nothing: nobody asks them, and no search shows them.
FROM_FILES = frozenset({OWN_SOURCE, RECORD_FILES})

BUILT_IN = (
    ZENODO,
    REGISTRAR,
    RESOLVER,
    HUGGING_FACE,
    GITHUB,
    Source(
        "globus",
        "Globus Search",
        url="https://search.api.globus.org",
        url_variable="FAIRREG_GLOBUS_SEARCH_URL",
        pace=Pace(60, 60, 60),
    ),
    CERN_OPEN_DATA,
    Source(
        "openml",
        "OpenML",
        url="https://www.openml.org",
        url_variable="FAIRREG_OPENML_URL",
        aliases=("openml.org",),
        pace=Pace(60, 60, 60),
        schemes=(
            IdentifierScheme(
                "openml",
                _ANY,
                prefixes=("openml:",),
                pages=(
                    PageAddress(
                        ("openml.org",),
                        r"(?:api/v1/(?:json/|xml/)?)?((?:flow|data|task|run|f|d|t|r)/\d+)(?:/.*)?",
                    ),
                ),
                normal=_spelled_out,
            ),
        ),
        own_search=True,
        model_registry=True,
        states_files=True,
        metadata_schema="https://www.openml.org/apis",
        metadata_terms=MetadataTerms(
            "Metadata may be used under CC-BY, with credit; the version of the licence is not stated.",
            "https://www.openml.org/cite",
            date=POLICIES_DATE,
        ),
    ),
    Source(
        "dlhub",
        "DLHub",
        served_by="globus",
        schemes=(IdentifierScheme("dlhub", _ANY, prefixes=("dlhub:",), joins=True),),
        copy_dois="dlhub_doi",
        rank=3,
        own_search=True,
        model_registry=True,
        dormant=True,  # its last SDK is of 2023
        states_files=True,
        metadata_terms=MetadataTerms(_NOT_STATED, "https://www.dlhub.org"),
    ),
    Source(  # deposits of trials, with DOIs that do not resolve
        "zenodo_sandbox",
        "Zenodo sandbox",
        url="https://sandbox.zenodo.org",
        url_variable="FAIRREG_ZENODO_SANDBOX_URL",
        token_variable="ZENODO_SANDBOX_TOKEN",  # noqa: S106
        token_help="Zenodo sandbox access token (publish --sandbox)",  # noqa: S106
        pace=Pace(30, 133, 133),
        metadata_terms=_ZENODO_TERMS,
    ),
    Source("zenodo_oai", "Zenodo (OAI-PMH)", served_by="zenodo", metadata_terms=_ZENODO_TERMS),
    Source(
        "garden",
        "Garden",
        model_registry=True,
        metadata_terms=MetadataTerms(_NOT_STATED, "https://thegardens.ai"),
    ),
    Source("bioimageio", "BioImage Model Zoo", model_registry=True),
    Source("kaggle", "Kaggle", schemes=(KAGGLE,), own_search=True),
    Source("pypi", "PyPI", schemes=(PYPI,)),
    Source("arxiv", "arXiv", schemes=(ARXIV,)),
    Source("orcid", "ORCID", schemes=(ORCID,)),
    Source("isni", "ISNI", schemes=(ISNI,)),
    Source("ror", "ROR", schemes=(ROR,)),
    Source("inspire", "INSPIRE", schemes=(INSPIRE,)),
    Source("hepdata", "HEPData", schemes=(HEPDATA,)),
    Source("swh", "Software Heritage", schemes=(SWHID,)),
    CURATED,
)


@cache
def all_sources() -> tuple[Source, ...]:
    """Return every row, those of installed packages after the built-in ones. Raises PluginError."""
    rows: tuple[Source, ...] = BUILT_IN
    for point in entry_points_of("fairreg.sources"):
        rows = admit(rows, load_entry_point(point), package_of(point))
    return rows


def source_named(name: str) -> Source:
    """Return the row called `name`; for an unknown name, a row with defaults only."""
    return _by_name().get(name) or Source(name, name)


@cache
def _by_name() -> dict[str, Source]:
    return {row.name: row for row in all_sources()}


@cache
def schemes() -> tuple[IdentifierScheme, ...]:
    """Return every identifier scheme, in the order of the rows."""
    return tuple(scheme for row in all_sources() for scheme in row.schemes)


@cache
def scheme_names(names: Named) -> frozenset[str]:
    """Return the names of the schemes that identify objects, code, papers or people."""
    return frozenset(scheme.name for scheme in schemes() if scheme.names == names)


def other_registry(host: str) -> str:
    """Return the source of what the registry at a host found in files itself, or was given as a file."""
    return f"{_OTHER_REGISTRY}{host}"


def is_registry(source: str) -> bool:
    """Tell whether a source is fairreg, here or at another registry, and not a host of models."""
    return source == OWN_SOURCE or source.startswith(_OTHER_REGISTRY)


def is_from_files(source: str) -> bool:
    """Tell whether a source is no host, but what was found in files, here or at another registry."""
    return source in FROM_FILES or is_registry(source)


def code_sites() -> tuple[str, ...]:
    """Return the hosts whose pages are repositories of source code."""
    code = (row for row in all_sources() if any(item.names == "code" for item in row.schemes))
    return tuple(row.site for row in code if row.site)
