# SPDX-License-Identifier: MIT
"""Parts of the reader of PyTorch files: names in pickles, descriptions of tensors, and their storages.

`machine` keeps the state of the pickle machine and asks `allowlist` for the stand-in of each name (`harmless`
has those of values that are no tensors). The stand-ins make `descriptions`: `strided`, which includes
quantised and nested tensors, and `sparse`. `storages` reads the bytes that the arrays are made of.
"""
