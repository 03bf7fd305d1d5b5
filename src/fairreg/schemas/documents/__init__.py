# SPDX-License-Identifier: MIT
"""JSON Schemas of the documents that commands print, and the types that they are made from.

`scripts/build_document_schemas.py` writes the schemas, NAME.json. No command imports a module of this folder
or reads a schema: the versions of the documents stand in `fairreg.schemas`.
"""
