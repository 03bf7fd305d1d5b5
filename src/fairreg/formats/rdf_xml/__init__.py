# SPDX-License-Identifier: MIT
"""RDF/XML (https://www.w3.org/TR/rdf-syntax-grammar/) of records, and of the statements behind them."""
