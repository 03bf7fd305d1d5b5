# SPDX-License-Identifier: MIT
"""PhysHub's row. It is loaded by every command, so it imports nothing but `fairreg.sources`."""

from fairreg.sources import IdentifierScheme, Pace, PageAddress, PreservationPolicy, Source

MODEL = r"([a-z0-9-]+/[a-z0-9-]+)"
SOURCE = Source(
    "physhub",
    "PhysHub",
    url="https://physhub.example",
    url_variable="PHYSHUB_URL",
    token_variable="PHYSHUB_TOKEN",
    token_help="PhysHub access token (restricted models)",
    pace=Pace(search=20, record=60, file=60),
    schemes=(
        IdentifierScheme(
            "physhub",
            MODEL,
            prefixes=("physhub:",),
            pages=(PageAddress(("physhub.example",), f"models/{MODEL}"),),
            resolver="https://physhub.example/models/",
            joins=True,
            page_rank=10,
        ),
    ),
    site="physhub.example",
    policy=PreservationPolicy(
        "keeps",
        "Models are kept for ten years; a withdrawn one leaves a tombstone.",
        "https://physhub.example/policy",
        "2026-11",
    ),
    own_search=True,
    model_registry=True,
)
