# SPDX-License-Identifier: MIT
"""JSON Schemas of the documents that commands print, and the types that they are made from.

`scripts/build_document_schemas.py` writes the schemas, NAME.json. No command reads a schema or imports
a module of this folder, but ``lock`` and ``verify``, whose file has the form in `changes.locks`: the versions
of the documents stand in `fairreg.schemas`.
"""
