"""A page as a tree: what the tests of the report walk through. A tag that is not closed where it should be is an
error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

_EMPTY: Final = {"meta", "link", "br", "img", "col", "line", "polyline", "hr", "input"}


@dataclass
class Node:
    """An element. content: its elements and its text, in their order."""

    tag: str
    attributes: dict[str, str]
    content: list[Node | str] = field(default_factory=list)

    @property
    def children(self) -> list[Node]:
        """The elements that stand directly in it."""
        return [each for each in self.content if isinstance(each, Node)]

    def all(self, tag: str = "") -> Iterator[Node]:
        """The element and what is in it, in the order of the page; only of one tag, if one is given."""
        if tag in ("", self.tag):
            yield self
        for child in self.children:
            yield from child.all(tag)

    def without(self, *tags: str) -> Iterator[Node]:
        """The element and what is in it, but not what is in an element of these tags."""
        yield self
        for child in self.children:
            if child.tag not in tags:
                yield from child.without(*tags)

    def words(self) -> str:
        """All text in it, with single spaces."""
        return " ".join(self.raw().split())

    def raw(self) -> str:
        """All text in it, as it stands."""
        return "".join(each if isinstance(each, str) else each.raw() for each in self.content)

    def links(self) -> list[str]:
        """The anchors that links in it lead to, but for those that have to be unfolded first."""
        return [
            node.attributes["href"][1:]
            for node in self.without("details")
            if node.tag == "a" and node.attributes.get("href", "").startswith("#")
        ]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Node("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        assert len(node.attributes) == len(attrs), f"an attribute of {tag} is given twice"
        self._open[-1].content.append(node)
        if tag not in _EMPTY:
            self._open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].content.append(Node(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].tag == tag, f"{tag} closes {self._open[-1].tag}, on line {self.getpos()[0]}"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].content.append(data)

    def close(self) -> None:
        super().close()
        assert self._open == [self.root], f"{self._open[-1].tag} is not closed"


def parsed(html: str) -> Node:
    """The page; AssertionError when its tags do not match."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.root


def by_id(page: Node) -> dict[str, Node]:
    """The elements that have an id; AssertionError when two have the same."""
    found: dict[str, Node] = {}
    for node in page.all():
        name = node.attributes.get("id")
        if name is not None:
            assert name != ""
            assert name not in found, f"the id {name!r} is there twice"
            found[name] = node
    return found
