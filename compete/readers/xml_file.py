"""XML files as annotation tools write them: read piece by piece, each piece with its line, and refused in one way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from compete.readers.json_file import read_raw, refusal

CHUNK = 1 << 20
DEEPEST = 64
"""Levels of nesting; no format of annotations has more than ten."""


class _RefusalError(ValueError):
    """XML that is not taken although it may be well-formed."""


@dataclass
class Node:
    """An element of an XML file.

    Attributes:
        tag: its name.
        line: of the file, from 1.
        attributes: as written.
        children: the elements in it, in order; of the root none, because they come one by one.
        text: all text directly in it.
    """

    tag: str
    line: int
    attributes: dict[str, str]
    children: list[Node] = field(default_factory=list)
    text: str = ""

    def child(self, tag: str) -> Node | None:
        """The first element of this name."""
        return next((child for child in self.children if child.tag == tag), None)

    def all(self, tag: str) -> list[Node]:
        """Every element of this name."""
        return [child for child in self.children if child.tag == tag]

    def word(self, *tags: str) -> str:
        """The text of an element found by the names on the way to it; blank where there is none."""
        node: Node | None = self
        for tag in tags:
            node = node.child(tag) if node else None
        return node.text.strip() if node else ""


def read_xml(path: Path, rule: str, where: str = "") -> Iterator[Node]:
    """Read an XML file: first its root without children, then each child of the root when it is complete.

    Nothing outside the file is ever opened, and a file that declares or needs entities is refused: a few lines of them
    can unfold to gigabytes.

    Args:
        path: the file.
        rule: of the finding on what is no XML, such as ``dataset/label-file``.
        where: the place in challenge.yaml that names the file.

    Raises:
        DatasetError: if there is none, or it is no XML; pieces before the fault have been given by then.
        SystemFault: if the disk or a permission forbids reading.
    """
    yield from xml_pieces(read_raw(path, where), path.name, rule)


def xml_pieces(data: bytes, name: str, rule: str) -> Iterator[Node]:
    """The pieces of an XML text, as ``read_xml`` gives them.

    Raises:
        DatasetError: if it is no XML; pieces before the fault have been given by then.
    """
    raw = memoryview(data)
    building = _Building()
    parser = building.parser
    try:
        for start in range(0, len(raw), CHUNK):
            parser.Parse(raw[start : start + CHUNK], False)
            yield from building.given()
        parser.Parse(b"", True)
        yield from building.given()
    except expat.ExpatError as error:
        place = f"{name}:{error.lineno}:{error.offset + 1}"
        message = f"this is not XML: {expat.ErrorString(error.code)}"
        hint = "is the file whole, and of the encoding that its first line names? write it again with its program"
        raise refusal(rule, message, place, hint) from None
    except _RefusalError as error:
        hint = "write it again with the program that made it"
        raise refusal(rule, str(error), f"{name}:{parser.CurrentLineNumber}", hint) from None
    except (LookupError, ValueError):
        message = "this is XML of an encoding that is not known"
        raise refusal(rule, message, f"{name}:1", "save it as UTF-8, and say so in its first line") from None


class _Building:
    """The elements of a file while it is read."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.EntityDeclHandler = self._refuse
        self.parser.SkippedEntityHandler = self._refuse
        self.open: list[Node] = []
        self.complete: list[Node] = []

    def given(self) -> Iterator[Node]:
        """The pieces that were completed since the last call."""
        complete, self.complete = self.complete, []
        yield from complete

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        node = Node(tag, self.parser.CurrentLineNumber, attributes)
        if len(self.open) >= DEEPEST:
            raise _RefusalError("the XML is nested too deeply")
        if len(self.open) > 1:
            self.open[-1].children.append(node)
        elif not self.open:
            self.complete.append(node)
        self.open.append(node)

    def _end(self, _: str) -> None:
        node = self.open.pop()
        if len(self.open) == 1:
            self.complete.append(node)

    def _text(self, text: str) -> None:
        if len(self.open) > 1:  # the root is given before its text is known
            self.open[-1].text += text

    def _refuse(self, *_: object) -> None:
        raise _RefusalError("the XML declares entities, which no annotation needs")
