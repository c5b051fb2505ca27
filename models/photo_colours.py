"""Colours that a file names by code points (ITU-T H.273) instead of by a profile, brought to sRGB.

HEIC keeps them in an `nclx` box, as AVIF does (ISO/IEC 14496-12, 12.1.5), and PNG in a `cICP` chunk. What shines
brighter than paper (PQ and HLG, ITU-R BT.2100) is compressed to what a screen shows, white paper
being 203 cd/m² (BT.2408).
"""

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

WHITE = (0.3127, 0.3290)  # D65
PRIMARIES = {
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),  # BT.709, as sRGB
    5: ((0.640, 0.330), (0.290, 0.600), (0.150, 0.060)),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),  # BT.2020
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),  # Display P3
}
GAMMA = {4: 2.2, 5: 2.8, 8: 1.0}
PQ, HLG = 16, 18
PAPER, HLG_PEAK = 203.0, 1000.0  # cd/m²
KNEE = 0.6  # of paper white: what is darker stays as it is


class CodePoints(NamedTuple):
    """The primaries and the transfer characteristics of a picture."""

    primaries: int
    transfer: int


SRGB = CodePoints(1, 13)


def code_points(data: bytes) -> CodePoints | None:
    """The code points of the primary picture of a HEIC or AVIF file; none where it has none that can be read."""
    try:
        return _of_primary(data)
    except (StopIteration, struct.error, IndexError):
        return None


def png_code_points(data: bytes) -> CodePoints | None:
    """The code points of a PNG; none where it has none that can be read."""
    place = data.find(b"cICP", 0, max(data.find(b"IDAT"), 0))
    return (
        CodePoints(data[place + 4], data[place + 5]) if place >= 0 and data[place - 4 : place] == b"\0\0\0\4" else None
    )


def to_srgb(image: Image.Image, points: CodePoints) -> Image.Image:
    """The image (RGB, with alpha or without) in sRGB; as it is where its code points are not known."""
    known = PRIMARIES.get(points.primaries)
    curved = points.transfer in (*GAMMA, PQ, HLG)
    if image.mode not in ("RGB", "RGBA") or not (curved or (known and points.primaries != SRGB.primaries)):
        return image
    colours = np.asarray(image.convert("RGB"), np.float32) / 255
    linear = _linear(colours, points.transfer)
    turned = _compressed(linear @ _matrix(known or PRIMARIES[SRGB.primaries]).T, points.transfer)
    made = Image.fromarray((_encoded(turned.clip(0, 1)) * 255).round().astype(np.uint8))
    if image.mode == "RGBA":
        made.putalpha(image.getchannel("A"))
    return made


def _linear(values: Any, transfer: int) -> Any:
    """Light, 1 being white paper."""
    if transfer in GAMMA:
        return values ** GAMMA[transfer]
    if transfer == PQ:
        root = values ** (1 / 78.84375)
        return (
            10_000 / PAPER * (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
        )
    if transfer == HLG:
        scene = np.where(values <= 0.5, values**2 / 3, (np.exp((values - 0.55991073) / 0.17883277) + 0.28466892) / 12)
        light = scene @ np.array([0.2627, 0.6780, 0.0593], np.float32)
        return HLG_PEAK / PAPER * scene * (light**0.2)[..., None]
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _compressed(linear: Any, transfer: int) -> Any:
    """What is brighter than the knee, by its brightest channel, so that its hue stays."""
    if transfer not in (PQ, HLG):
        return linear
    bright = np.maximum(linear.max(axis=-1, keepdims=True), KNEE)
    over = (bright - KNEE) / (1 - KNEE)
    return linear * (KNEE + (1 - KNEE) * over / (1 + over)) / bright


def _encoded(linear: Any) -> Any:
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def _matrix(primaries: Any) -> Any:
    """From linear light of these primaries to that of sRGB's; all have the same white."""
    return (np.linalg.inv(_to_xyz(PRIMARIES[SRGB.primaries])) @ _to_xyz(primaries)).astype(np.float32)


def _to_xyz(primaries: Any) -> Any:
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in primaries]).T
    x, y = WHITE
    return columns * np.linalg.solve(columns, (x / y, 1, (1 - x - y) / y))


def _of_primary(data: bytes) -> CodePoints | None:
    meta = next(_boxes(data, 0, len(data), b"meta"))
    inside = (meta[0] + 4, meta[1])
    start, _ = next(_boxes(data, *inside, b"pitm"))
    (primary,) = struct.unpack_from(">I" if data[start] else ">H", data, start + 4)
    properties = next(_boxes(data, *inside, b"iprp"))
    listed = list(_boxes(data, *next(_boxes(data, *properties, b"ipco"))))
    for start, _ in _boxes(data, *properties, b"ipma"):
        for number in _associated(data, start, primary):
            place, end = listed[number - 1]
            if data[place - 4 : place] == b"colr" and data[place : place + 4] == b"nclx" and end - place >= 10:
                return CodePoints(*struct.unpack_from(">HH", data, place + 4))
    return None


def _associated(data: bytes, start: int, item: int) -> Iterator[int]:
    """The numbers, from 1, of the properties of an item."""
    version, wide = data[start], data[start + 3] & 1
    (count,) = struct.unpack_from(">I", data, start + 4)
    place = start + 8
    for _ in range(count):
        (one,) = struct.unpack_from(">I" if version else ">H", data, place)
        place += 4 if version else 2
        many, place = data[place], place + 1
        for _ in range(many):
            number = struct.unpack_from(">H", data, place)[0] & 0x7FFF if wide else data[place] & 0x7F
            place += 2 if wide else 1
            if one == item and number:
                yield number


def _boxes(data: bytes, start: int, end: int, kind: bytes | None = None) -> Iterator[tuple[int, int]]:
    """Where the bodies of the boxes between two places begin and end; of one kind, or of all."""
    while start + 8 <= end:
        size, head = int.from_bytes(data[start : start + 4]), 8
        if size == 1:
            size, head = int.from_bytes(data[start + 8 : start + 16]), 16
        stop = end if size == 0 else start + size
        if not start + head <= stop <= end:
            return
        if kind in (None, data[start + 4 : start + 8]):
            yield start + head, stop
        start = stop
