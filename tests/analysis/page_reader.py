"""A page of a report as a tree, with what its tables, findings and data say."""

import json
from functools import cached_property
from html.parser import HTMLParser
from xml.etree.ElementTree import Element, TreeBuilder

VOID = {"meta", "br", "hr", "img", "link", "input"}


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.builder = TreeBuilder()

    def handle_starttag(self, tag, attrs):
        self.builder.start(tag, {name: value or "" for name, value in attrs})
        if tag in VOID:
            self.builder.end(tag)

    def handle_startendtag(self, tag, attrs):
        self.builder.start(tag, {name: value or "" for name, value in attrs})
        self.builder.end(tag)

    def handle_endtag(self, tag):
        self.builder.end(tag)

    def handle_data(self, data):
        self.builder.data(data)


def text(element: Element) -> str:
    """The text of an element, each gap one space."""
    return " ".join("".join(element.itertext()).split())


class Page:
    """What a page says."""

    def __init__(self, html: str):
        parser = _Parser()
        parser.feed(html)
        self.root = parser.builder.close()

    @cached_property
    def data(self) -> dict:
        return json.loads(self.find("script", id="data").text or "")

    def all(self, tag: str = "*", **attributes: str) -> list[Element]:
        found = self.root.iter(None if tag == "*" else tag)
        wanted = {name.rstrip("_").replace("_", "-"): one for name, one in attributes.items()}
        return [e for e in found if all(e.get(name) == one for name, one in wanted.items())]

    def find(self, tag: str = "*", **attributes: str) -> Element:
        (found,) = self.all(tag, **attributes)
        return found

    def row(self, identity: str) -> list[str]:
        return [text(cell) for cell in self.find("tr", id=identity)]

    def trials(self, identity: str) -> list[int]:
        """The numbers of the trials behind a row."""
        spans = self.find("tr", id=identity).get("data-trials", "").split()
        ends = [[int(end) for end in span.split("-")] for span in spans]
        return [number for span in ends for number in range(span[0], span[-1] + 1)]

    def column(self, label: str) -> list:
        """The values of all trials in a column of samples."""
        (column,) = (one for one in self.data["samples"]["columns"] if one["label"] == label)
        if "codes" in column:
            return [column["words"][code] for code in column["codes"]]
        return column.get("values", column.get("texts"))

    @property
    def findings(self) -> list[Element]:
        section = self.find("section", aria_labelledby="findings")
        return list(section.iter("li"))

    def evidence(self, begins: str) -> dict[str, list[str]]:
        """Of the finding that begins so: the text of each link -> the ids that it means."""
        (item,) = (one for one in self.findings if text(one).startswith(begins))
        return {
            text(link): link.get("data-rows", link.get("href", "").lstrip("#")).split()
            for link in item.iter("a")
        }
