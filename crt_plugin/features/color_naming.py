"""A parametric model of colour naming: probabilities of the 11 basic colour terms.

Benavente, Vanrell, Baldrich, "Parametric fuzzy sets for automatic color naming", JOSA A 2008.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np

TERMS = (
    "black",
    "blue",
    "brown",
    "grey",
    "green",
    "orange",
    "pink",
    "purple",
    "red",
    "white",
    "yellow",
)

LEVELS = 32  # of each of R, G, B, in the tables
COLORS = LEVELS**3


def color_of_index() -> np.ndarray:
    """32768 x 3: the middle of the colours (R, G, B) that share each index of the tables.

    Index 0-based: floor(R/8) + 32 floor(G/8) + 1024 floor(B/8).
    """
    index = np.arange(COLORS)
    levels = np.stack([index % LEVELS, index // LEVELS % LEVELS, index // LEVELS**2], axis=1)
    return levels * (256 / LEVELS) + 3.5


class Interval(NamedTuple):
    """Chromatic terms of the colours of one interval of lightness, in the plane (a, b)."""

    lightness: float  # its upper end
    centre: tuple[float, float]
    ellipse: tuple[float, float, float, float]  # slope, semi-axes, angle of the first (degrees)
    sectors: dict[str, tuple[float, float]]  # where each begins (degrees), slope of that border


# The figures are those that the authors' group publishes with its code (github.com/CVC-CIC/nefesi,
# nefesi/util/ColorNaming.py). There each term has both of its borders; here, once, the one that
# neighbours share.
INTERVALS = (
    Interval(
        31,
        (0.424200, 0.249359),
        (9.84406, 5.88940, 7.47432, 2.3209),
        {
            "red": (357.7607, 0.900991),
            "brown": (33.4508, 1.72499),
            "green": (104.5554, 0.844028),
            "blue": (224.5872, 1.95218),
            "purple": (302.8466, 1.01425),
        },
    ),
    Interval(
        42,
        (0.229563, 0.663190),
        (6.03260, 6.45705, 7.87255, 17.5907),
        {
            "red": (2.2077, 0.524363),
            "brown": (41.1858, 5.0),
            "green": (96.8715, 0.692405),
            "blue": (210.4646, 0.958111),
            "purple": (301.5161, 0.916608),
            "pink": (344.2804, 1.10032),
        },
    ),
    Interval(
        51,
        (-0.117336, 0.518008),
        (6.81218, 5.38109, 6.98238, 19.5820),
        {
            "red": (13.5722, 0.999376),
            "orange": (44.4543, 0.565279),
            "brown": (61.2367, 0.517227),
            "green": (96.6546, 0.844786),
            "blue": (199.3764, 0.599761),
            "purple": (301.7614, 0.800824),
            "pink": (337.3662, 0.623673),
        },
    ),
    Interval(
        66,
        (-0.443169, 1.075919),
        (7.31858, 6.06366, 7.50205, 24.5483),
        {
            "red": (26.5210, 0.939107),
            "orange": (32.9884, 0.754843),
            "yellow": (80.1169, 0.478354),
            "green": (95.6733, 0.728742),
            "blue": (198.3165, 0.643833),
            "purple": (301.2254, 0.755214),
            "pink": (326.0776, 5.0),
        },
    ),
    Interval(
        76,
        (-0.565458, 1.163275),
        (100.0, 5.36821, 6.90048, 24.7532),
        {
            "orange": (25.7509, 1.99512),
            "yellow": (74.1546, 0.839910),
            "green": (102.2709, 0.856004),
            "blue": (188.5665, 0.736645),
            "purple": (299.1697, 0.474809),
            "pink": (327.4520, 1.73558),
        },
    ),
    Interval(
        math.inf,
        (-1.256430, 1.814381),
        (100.0, 6.03990, 7.39319, -1.1929),
        {
            "orange": (25.7440, 1.02801),
            "yellow": (72.4433, 0.790984),
            "green": (106.2412, 0.957415),
            "blue": (190.0457, 0.900010),
            "purple": (300.5675, 0.598985),
            "pink": (327.6338, 1.93131),
        },
    ),
)
BLACK_TO_GREY = (28.282522, 0.714234)  # lightness, slope
GREY_TO_WHITE = (79.649301, 0.306741)

SATURATION = 1.5  # most chroma of a colour, in units of its lightness


@functools.cache
def parametric_table() -> np.ndarray:
    """TSE model (triple sigmoid with elliptical centre) of all colours: 32768 x 11, read-only.

    In CIELab (sRGB, D65), in six intervals of lightness: an ellipse around the achromatic axis
    separates the achromatic terms from the chromatic ones, straight lines through the centre
    separate the latter from each other, and both borders are sigmoids. What the chromatic terms
    leave is shared by black, grey and white according to lightness. The sum is made 1.

    Ours: a colour with more than 1.5 times as much chroma as lightness is first mixed with the
    grey of its lightness until it has as much. The model was fitted to colours of surfaces, and
    its straight borders do not hold for what only a screen shows: taken literally, it calls
    (255, 0, 0) orange and (0, 0, 255) purple.
    """
    table = compute_tse(limited_lab(color_of_index()))
    table.flags.writeable = False
    return table


def limited_lab(rgb: np.ndarray) -> np.ndarray:
    """CIELab of sRGB colours (K x 3, 0 to 255) with chroma at most ``SATURATION`` lightness."""
    lab = lab_of(rgb)
    vivid = ~_saturation_ok(lab)
    color = rgb[vivid]
    grey = 255 * _compand(_linearise(color / 255) @ XYZ_OF_RGB[1])[:, None]
    low, high = np.zeros(len(color)), np.ones(len(color))
    for _ in range(20):  # bisection for the share of the colour in the mixture
        share = (low + high) / 2
        ok = _saturation_ok(lab_of(grey + share[:, None] * (color - grey)))
        low, high = np.where(ok, share, low), np.where(ok, high, share)
    lab[vivid] = lab_of(grey + low[:, None] * (color - grey))
    return lab


def _saturation_ok(lab: np.ndarray) -> np.ndarray:
    return np.hypot(lab[:, 1], lab[:, 2]) <= SATURATION * lab[:, 0]


# sRGB (IEC 61966-2-1) and CIELab in full: OpenCV 5 rounds to tables, up to 0.2 off.
XYZ_OF_RGB = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)


def lab_of(rgb: np.ndarray) -> np.ndarray:
    """CIELab (L in 0 to 100, a, b; white D65) of sRGB colours, K x 3, 0 to 255."""
    white = XYZ_OF_RGB.sum(axis=1)
    t = _linearise(rgb / 255) @ XYZ_OF_RGB.T / white
    x, y, z = np.where(t > (6 / 29) ** 3, np.cbrt(t), t * (29 / 6) ** 2 / 3 + 4 / 29).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


def _linearise(companded: np.ndarray) -> np.ndarray:
    return np.where(companded > 0.04045, ((companded + 0.055) / 1.055) ** 2.4, companded / 12.92)


def _compand(linear: np.ndarray) -> np.ndarray:
    return np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)


def compute_tse(lab: np.ndarray) -> np.ndarray:
    """Memberships of CIELab colours, K x 3, in ``TERMS``: K x 11, sum 1."""
    memberships = np.zeros((len(lab), len(TERMS)))
    upper = np.array([interval.lightness for interval in INTERVALS])
    number = np.searchsorted(upper, lab[:, 0])
    for i, interval in enumerate(INTERVALS):
        here = number == i
        for term, values in chromatic_memberships(lab[here, 1], lab[here, 2], interval).items():
            memberships[here, TERMS.index(term)] = values
    rest = np.maximum(1 - memberships.sum(axis=1), 0)
    not_black = _sigmoid(BLACK_TO_GREY[1] * (lab[:, 0] - BLACK_TO_GREY[0]))
    white = _sigmoid(GREY_TO_WHITE[1] * (lab[:, 0] - GREY_TO_WHITE[0]))
    memberships[:, TERMS.index("black")] = rest * (1 - not_black)
    memberships[:, TERMS.index("grey")] = rest * not_black * (1 - white)
    memberships[:, TERMS.index("white")] = rest * white
    return memberships / memberships.sum(axis=1, keepdims=True)


def chromatic_memberships(
    a: np.ndarray, b: np.ndarray, interval: Interval
) -> dict[str, np.ndarray]:
    """Memberships of (a, b), K each, in an interval's terms: products of three sigmoids."""
    x, y = a - interval.centre[0], b - interval.centre[1]
    slope, first, second, degrees = interval.ellipse
    along, across = _rotate(x, y, degrees)
    outside = _sigmoid(slope * ((along / first) ** 2 + (across / second) ** 2 - 1))
    terms = list(interval.sectors)
    # Signed distance from each border, positive on the side of the term that begins there.
    distances = [steep * _rotate(x, y, start)[1] for start, steep in interval.sectors.values()]
    begins = [_sigmoid(distance) for distance in distances]
    ends = [_sigmoid(-distance) for distance in distances[1:] + distances[:1]]
    return {t: outside * begin * end for t, begin, end in zip(terms, begins, ends, strict=True)}


def _rotate(x: np.ndarray, y: np.ndarray, degrees: float) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates along and across the direction at ``degrees``."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return x * cos + y * sin, y * cos - x * sin


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(x / 2))  # as 1 / (1 + exp(-x)), without overflow
