# SPDX-License-Identifier: MIT
"""``/api/fingerprints/{value}``: records whose files hold weights of a fingerprint."""

import re

from starlette.requests import Request
from starlette.responses import Response

from fairreg.schemas.documents.models import RecordOfWeights
from fairreg.server.api.answers import document, require_known
from fairreg.server.api.documents import ApiFingerprint
from fairreg.server.site import site_of
from fairreg.services.inspect.published import in_registry

__all__ = ["fingerprint_answer"]

_FINGERPRINT = re.compile(r"[\w:.-]{1,200}", re.ASCII)


async def fingerprint_answer(request: Request) -> Response:
    """Answer with the records of a fingerprint, none where there is none."""
    require_known(request, ())
    value: str = request.path_params["value"]
    asked = [value] if _FINGERPRINT.fullmatch(value) else []
    found = await site_of(request).read(lambda registry: in_registry(registry, asked))
    return document(ApiFingerprint(value, [RecordOfWeights(**item.to_json()) for item in found]))
