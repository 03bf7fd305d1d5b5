# SPDX-License-Identifier: MIT
"""DataCite Metadata Schema 4.7 (https://schema.datacite.org/meta/kernel-4.7/), in JSON and XML, both ways.

`attributes` makes the attributes of DataCite's JSON of a record, `reading` and `statements` read them, `xml`
turns them into the schema's XML and back. The formats `datacite` and `datacite_xml` are made of these.
"""
