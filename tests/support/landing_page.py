# SPDX-License-Identifier: MIT
"""What a program finds in the page of a record: typed links, meta tags, and the node of linked data."""

import json
from html.parser import HTMLParser


class LandingPage(HTMLParser):
    """The head of a page: `links` and `metas` as dicts of attributes, `node` parsed, `tags` by name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[dict[str, str]] = []
        self.metas: list[dict[str, str]] = []
        self.tags: list[str] = []
        self.script = ""
        self._inside = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        found = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        if tag == "link":
            self.links.append(found)
        elif tag == "meta":
            self.metas.append(found)
        self._inside = tag == "script" and found.get("type") == "application/ld+json"

    def handle_endtag(self, tag):
        self._inside = False

    def handle_data(self, data):
        if self._inside:
            self.script += data

    @property
    def node(self) -> dict:
        return json.loads(self.script)

    def targets(self, rel: str) -> list[str]:
        return [item["href"] for item in self.links if item.get("rel") == rel]

    def dublin_core(self, name: str) -> list[str]:
        return [item["content"] for item in self.metas if item.get("name") == f"DC.{name}"]
