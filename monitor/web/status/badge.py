"""A badge: the state of a company's mail as a small picture, for pages elsewhere. Pure.

Colours are attributes and not styles, which the policy of our responses forbids; the words say all that colour does.
"""

from xml.etree.ElementTree import Element, SubElement, tostring

from monitor.output.symbols import COLOURS, SIGNS
from probes.labels import OUTCOMES
from probes.verdict import Outcome

LABEL = "Trimble sign-in mail"
NOTHING_KNOWN = "not known yet"
HEIGHT, PADDING, CHAR_WIDTH = 20, 7, 6.1  # pixels; of 11 px Verdana, which `textLength` then fits exactly
GROUND, GROUND_INK = "#3d4450", "#ffffff"
FONT = "Verdana,DejaVu Sans,Geneva,sans-serif"


def badge(look: Outcome | None, value: str = "") -> bytes:
    """Return the badge of this outcome as SVG. `value`: other words for it."""
    said = value or (OUTCOMES[look].label if look else NOTHING_KNOWN)
    shown, colour = f"{SIGNS[look]} {said}", COLOURS[look]
    left, right = _width(LABEL), _width(shown)
    svg = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": str(left + right),
            "height": str(HEIGHT),
            "role": "img",
            "aria-label": f"{LABEL}: {said}",
        },
    )
    SubElement(svg, "title").text = f"{LABEL}: {said}"
    SubElement(svg, "rect", width=str(left), height=str(HEIGHT), fill=GROUND)
    SubElement(svg, "rect", x=str(left), width=str(right), height=str(HEIGHT), fill=colour.fill)
    _text(svg, LABEL, 0, left, GROUND_INK)
    _text(svg, shown, left, right, colour.ink)
    content: bytes = tostring(svg, encoding="utf-8")
    return content


def _text(svg: Element, text: str, x: int, width: int, ink: str) -> None:
    element = SubElement(
        svg,
        "text",
        {
            "x": str(x + PADDING),
            "y": "14",
            "textLength": str(width - 2 * PADDING),
            "fill": ink,
            "font-family": FONT,
            "font-size": "11",
        },
    )
    element.text = text


def _width(text: str) -> int:
    return round(len(text) * CHAR_WIDTH) + 2 * PADDING
