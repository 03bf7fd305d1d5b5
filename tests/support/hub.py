# SPDX-License-Identifier: MIT
"""A repository of the Hugging Face Hub with its files; written by hand after the documented shape."""

import hashlib

__all__ = ["serve"]

_COMMIT = "0" * 40


def serve(httpserver, repository: str, files: dict[str, bytes]) -> str:
    """Serve the files, all of them in Git LFS; return the identifier of the repository."""
    siblings = [
        {
            "rfilename": name,
            "size": len(content),
            "lfs": {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)},
        }
        for name, content in files.items()
    ]
    info = {
        "id": repository,
        "modelId": repository,
        "sha": _COMMIT,
        "private": False,
        "gated": False,
        "tags": [],
    }
    httpserver.expect_request(f"/huggingface/api/models/{repository}").respond_with_json(
        {**info, "siblings": siblings}
    )
    for name, content in files.items():
        httpserver.expect_request(f"/huggingface/{repository}/resolve/{_COMMIT}/{name}").respond_with_data(
            content
        )
    return f"huggingface:{repository}"
