"""Whether an outcome can be told by its sign alone, by its colour alone, and read."""

from itertools import combinations
from math import atan2, cos, degrees, exp, hypot, radians, sin, sqrt

import pytest

from monitor.output.symbols import COLOURS, SIGNS
from probes.verdict import Outcome

RGB = tuple[float, float, float]
AA = 4.5  # WCAG 2, 1.4.3: contrast of text
APART = 12.0  # CIEDE2000; 2 is seen side by side, 10 at a glance

SIGHT = {  # Machado, Oliveira, Fernandes 2009, severity 1.0, on linear RGB
    "full": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "no green": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "no red": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
}


def linear(colour: str) -> RGB:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))

    def bent(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    return bent(red), bent(green), bent(blue)


def seen(colour: str, sight: str) -> RGB:
    light = linear(colour)
    red, green, blue = (min(1.0, max(0.0, sum(a * b for a, b in zip(row, light, strict=True)))) for row in SIGHT[sight])
    return red, green, blue


def luminance(light: RGB) -> float:
    return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(linear(one)), luminance(linear(other))))
    return (high + 0.05) / (low + 0.05)


def lab(light: RGB) -> RGB:
    red, green, blue = light
    white = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047,
        luminance(light),
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883,
    )
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in white)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(one: RGB, other: RGB) -> float:
    """CIEDE2000."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    middle = (hypot(a1, b1) + hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * sqrt(middle**7 / (middle**7 + 25**7))
    c1, c2 = hypot(a1 * stretch, b1), hypot(a2 * stretch, b2)
    h1, h2 = degrees(atan2(b1, a1 * stretch)) % 360, degrees(atan2(b2, a2 * stretch)) % 360
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0.0
    hue = (h1 + turn / 2) % 360 if c1 * c2 else h1 + h2
    chroma, light = (c1 + c2) / 2, (l1 + l2) / 2
    t = (
        1
        - 0.17 * cos(radians(hue - 30))
        + 0.24 * cos(radians(2 * hue))
        + 0.32 * cos(radians(3 * hue + 6))
        - 0.2 * cos(radians(4 * hue - 63))
    )
    by_light = (l2 - l1) / (1 + 0.015 * (light - 50) ** 2 / sqrt(20 + (light - 50) ** 2))
    by_chroma = (c2 - c1) / (1 + 0.045 * chroma)
    by_hue = 2 * sqrt(c1 * c2) * sin(radians(turn / 2)) / (1 + 0.015 * chroma * t)
    blues = -sin(radians(60 * exp(-(((hue - 275) / 25) ** 2)))) * 2 * sqrt(chroma**7 / (chroma**7 + 25**7))
    return sqrt(by_light**2 + by_chroma**2 + by_hue**2 + blues * by_chroma * by_hue)


def test_the_measure_is_the_published_one() -> None:
    """Two pairs of the test data of Sharma, Wu, Dalal 2005."""
    assert distance((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485)) == pytest.approx(2.0425, abs=1e-4)
    assert distance((50.0, 2.5, 0.0), (73.0, 25.0, -18.0)) == pytest.approx(27.1492, abs=1e-4)


def test_every_outcome_has_a_sign_and_a_colour_of_its_own() -> None:
    for table in (SIGNS, COLOURS):
        assert set(table) == {*Outcome, None}
        assert len({str(look) for look in table.values()}) == len(table)


@pytest.mark.parametrize("outcome", COLOURS, ids=str)
def test_what_is_written_on_a_colour_can_be_read(outcome) -> None:
    colour = COLOURS[outcome]
    assert contrast(colour.fill, colour.ink) >= AA


@pytest.mark.parametrize("outcome", COLOURS, ids=str)
def test_grafana_chooses_the_same_ink(outcome) -> None:
    """Tables look at how bright the fill is, bands over time at whether white has a contrast of 3."""
    red, green, blue = (int(COLOURS[outcome].fill[at : at + 2], 16) for at in (1, 3, 5))
    bright = (299 * red + 587 * green + 114 * blue) / 1000
    assert COLOURS[outcome].ink == ("#202226" if bright > 180 else "#f7f8fa")
    assert (contrast(COLOURS[outcome].fill, "#ffffff") < 3) == (bright > 180)


@pytest.mark.parametrize("sight", SIGHT)
def test_colours_are_told_apart_by_every_kind_of_sight(sight) -> None:
    labs = {outcome: lab(seen(colour.fill, sight)) for outcome, colour in COLOURS.items()}
    near = {(a, b): distance(labs[a], labs[b]) for a, b in combinations(labs, 2)}
    assert {pair: value for pair, value in near.items() if value < APART} == {}
