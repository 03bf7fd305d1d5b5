# SPDX-License-Identifier: MIT
"""Entities of an RO-Crate, as its versions share them: people, licence, files, and the training of a model.

A crate is a flat list of entities that refer to each other by `@id` (RO-Crate 1.1, section 3).
"""
