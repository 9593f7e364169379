"""Sheets of paper: just enough of PDF for text, lines and areas, with the fonts every reader has."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from itertools import pairwise

WIDTH, HEIGHT, MARGIN = 595.0, 842.0, 40.0

# Widths of the signs from the blank to the tilde, in thousandths of the size, as Helvetica has them.
_WIDTHS = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778,
    722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278,
    278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
)  # fmt: skip
_OTHER_WIDTH = 556


def text_width(text: str, size: float) -> float:
    """Give how wide a text is; bold is a little wider, which the callers leave room for."""
    total = 0
    for sign in text:
        place = ord(sign) - 32
        total += _WIDTHS[place] if 0 <= place < len(_WIDTHS) else _OTHER_WIDTH
    return total * size / 1000.0


def wrapped(text: str, size: float, width: float) -> list[str]:
    """Give a text in lines that are not wider than this."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_width(longer, size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


class Paper:
    """Pages that are drawn on from above; `y` is how far down the next thing stands."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._pages: list[list[str]] = []
        self.y = 0.0
        self.turn()

    def turn(self) -> None:
        """Begin a new page."""
        self._pages.append([])
        self.y = MARGIN

    def need(self, height: float) -> None:
        """Begin a new page where this does not fit on the present one."""
        if self.y + height > HEIGHT - MARGIN:
            self.turn()

    def text(
        self, x: float, y: float, text: str, *, size: float = 9.0, colour: str = "#161c26",
        bold: bool = False, anchor: str = "start",
    ) -> None:  # fmt: skip
        """Write at a place counted from the upper left corner."""
        text = text.replace("\N{MINUS SIGN}", "-")
        wide = text_width(text, size) * (1.06 if bold else 1.0)
        x -= {"start": 0.0, "middle": wide / 2.0, "end": wide}[anchor]
        font = "F2" if bold else "F1"
        self._put(
            f"BT /{font} {size:g} Tf {_rgb(colour)} rg {x:.2f} {HEIGHT - y:.2f} Td ({_escaped(text)}) Tj ET"
        )

    def line(self, points: Sequence[tuple[float, float]], colour: str, width: float, dash: str = "") -> None:
        """Draw a line through places."""
        along = " ".join(
            f"{x:.2f} {HEIGHT - y:.2f} {'l' if place else 'm'}" for place, (x, y) in enumerate(points)
        )
        self._put(f"q {_rgb(colour)} RG {width:g} w 1 j [{dash}] 0 d {along} S Q")

    def area(self, points: Sequence[tuple[float, float]], colour: str, strength: float = 1.0) -> None:
        """Fill what a line closes; the strength is that of the colour on white."""
        along = " ".join(
            f"{x:.2f} {HEIGHT - y:.2f} {'l' if place else 'm'}" for place, (x, y) in enumerate(points)
        )
        self._put(f"q {_rgb(colour, strength)} rg {along} h f Q")

    def box(
        self, x: float, y: float, width: float, height: float, colour: str, strength: float = 1.0
    ) -> None:
        """Fill a rectangle from its upper left corner."""
        self._put(
            f"q {_rgb(colour, strength)} rg {x:.2f} {HEIGHT - y - height:.2f} {width:.2f} {height:.2f} re f Q"
        )

    def finished(self) -> bytes:
        """Give the file."""
        count = len(self._pages)
        kids = " ".join(f"{6 + 2 * place} 0 R" for place in range(count))
        objects = [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            f"<< /Type /Pages /Kids [{kids}] /Count {count} >>".encode(),
            *(_font(name) for name in ("Helvetica", "Helvetica-Bold")),
            b"<< /Title (" + _escaped(self._title).encode("cp1252") + b") /Producer (Puffling) >>",
        ]
        for place, page in enumerate(self._pages):
            content = zlib.compress("\n".join([*page, self._number(place + 1, count)]).encode("cp1252"))
            objects.append(
                f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH:g} {HEIGHT:g}]"
                f" /Contents {7 + 2 * place} 0 R"
                " /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>".encode()
            )
            head = f"<< /Length {len(content)} /Filter /FlateDecode >>\nstream\n".encode()
            objects.append(head + content + b"\nendstream")
        return _file(objects)

    def _number(self, place: int, count: int) -> str:
        text = f"{place} / {count}"
        x = WIDTH - MARGIN - text_width(text, 8.0)
        return f"BT /F1 8 Tf {_rgb('#566173')} rg {x:.2f} 22 Td ({text}) Tj ET"

    def _put(self, command: str) -> None:
        self._pages[-1].append(command)


def _file(objects: Sequence[bytes]) -> bytes:
    parts = [b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"]
    parts += [b"%d 0 obj\n%s\nendobj\n" % (place, each) for place, each in enumerate(objects, 1)]
    sizes = [len(part) for part in parts]
    starts = [sum(sizes[:place]) for place in range(1, len(parts) + 1)]
    table = b"".join(b"%010d 00000 n \n" % start for start, _ in pairwise(starts))
    parts.append(b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table))
    trailer = b"trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    parts.append(trailer % (len(objects) + 1, starts[-1]))
    return b"".join(parts)


def _font(name: str) -> bytes:
    return f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>".encode()


def _rgb(colour: str, strength: float = 1.0) -> str:
    parts = (int(colour[place : place + 2], 16) / 255.0 for place in (1, 3, 5))
    return " ".join(f"{1.0 - strength * (1.0 - part):.3f}" for part in parts)


def _escaped(text: str) -> str:
    # These fonts have the letters of western Europe.
    known = text.encode("cp1252", "replace").decode("cp1252")
    known = "".join(sign if sign.isprintable() else " " for sign in known)
    return known.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
