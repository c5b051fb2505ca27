"""Photos of every format, changed a little: in their bytes, in the order and the content of their parts, in their tags.

A mutation is known by a seed and a number, so that what it did can be done again.
"""

import random
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

from PIL import Image

from tests.photos import draw_photo, encoded, good_files, heic

SIZE = (24, 16)
NUMBERS = (0, 1, 2, 3, 4, 8, 16, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1)
FIELDS = ("BHI", "<>")
CONTAINERS = (b"meta", b"iprp", b"ipco", b"iref", b"dinf", b"moov", b"trak", b"grpl")
CHUNKS = (b"iCCP", b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"cICP", b"tRNS", b"PLTE", b"acTL", b"fcTL", b"gAMA", b"pHYs")

Change = Callable[[bytes, random.Random], bytes]


class Mutant(NamedTuple):
    """A changed photo, and which one it was."""

    name: str
    data: bytes


def mutant(seed: int, number: int) -> Mutant:
    """The mutation of that seed and number."""
    chance = random.Random(f"{seed} {number}")
    name = chance.choice(list(originals()))
    data = originals()[name]
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        data = chance.choice((*ANYWHERE, *(_of_kind(data),) * 4))(data, chance)
    return Mutant(name, data)


@cache
def originals() -> dict[str, bytes]:
    """Small photos of every format and of many kinds of it, with metadata."""
    photo, exif = draw_photo(size=SIZE), Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x011A] = 6, "a maker", 72.5
    profile: dict[str, Any] = {"icc_profile": _profile(), "exif": exif}
    frames = [draw_photo(seed, SIZE) for seed in range(3)]
    more = {
        "jpeg with metadata": encoded(photo, **profile),
        "progressive jpeg": encoded(photo, progressive=True, restart_marker_blocks=1),
        "cmyk jpeg": encoded(photo.convert("CMYK")),
        "jpeg of several": encoded(frames[0], "MPO", save_all=True, append_images=frames[1:]),
        "png with metadata": encoded(photo.convert("RGBA"), "PNG", **profile),
        "animated png": encoded(frames[0], "PNG", save_all=True, append_images=frames[1:]),
        "webp with metadata": encoded(photo, "WEBP", **profile),
        "lossless webp": encoded(photo.convert("RGBA"), "WEBP", lossless=True),
        "animated webp": encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:]),
        "avif with metadata": encoded(photo, "AVIF", **profile),
        "heic": heic(), "heic with metadata": heic(exif=exif.tobytes()),
        "bmp with a palette": encoded(photo.convert("P"), "BMP"),
        "gif": encoded(photo, "GIF"),
    }  # fmt: skip
    packed = ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")
    more |= {f"tiff, {kind}": encoded(photo, "TIFF", compression=kind) for kind in packed}
    more |= {f"tiff, {mode}": encoded(photo.convert("L").convert(mode), "TIFF") for mode in ("I", "F", "1")}
    return good_files() | more


def _profile() -> bytes:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def flip(data: bytes, chance: random.Random) -> bytes:
    """Some bits changed."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16)) if data else 0):
        changed[_somewhere(data, chance)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def number(data: bytes, chance: random.Random) -> bytes:
    """A number that is at an edge, of one, two or four bytes."""
    packed = _packed(chance)
    place = _somewhere(data, chance)
    return data[:place] + packed + data[place + len(packed) :]


def cut(data: bytes, chance: random.Random) -> bytes:
    """The end is missing."""
    return data[: chance.randrange(len(data) + 1)]


def drop(data: bytes, chance: random.Random) -> bytes:
    """A piece is missing."""
    place = _somewhere(data, chance)
    return data[:place] + data[place + chance.choice((1, 2, 4, 16, 100)) :]


def insert(data: bytes, chance: random.Random) -> bytes:
    """Something is too much: noise, one byte again and again, or a piece of the file itself."""
    place, size = _somewhere(data, chance), chance.choice((1, 2, 4, 16, 100, 3000))
    piece = chance.choice((chance.randbytes(size), bytes([chance.randrange(256)]) * size, data[place : place + size]))
    place = _somewhere(data, chance)
    return data[:place] + piece + data[place:]


def splice(data: bytes, chance: random.Random) -> bytes:
    """The end is another photo's."""
    other = chance.choice(list(originals().values()))
    return data[: _somewhere(data, chance)] + other[_somewhere(other, chance) :]


ANYWHERE: tuple[Change, ...] = (flip, number, cut, drop, insert, splice)


def _somewhere(data: bytes, chance: random.Random) -> int:
    """A place; half of the time near the beginning, where most of what is said of a photo stands."""
    return chance.randrange(max(min(len(data), chance.choice((64, 400, len(data), len(data)))), 1))


def _packed(chance: random.Random) -> bytes:
    kind, order = map(chance.choice, FIELDS)
    return struct.pack(order + kind, chance.choice(NUMBERS) % (1 << 8 * struct.calcsize(kind)))


def _of_kind(data: bytes) -> Change:
    """What changes the parts of a file of this kind."""
    for begin, change in KINDS.items():
        if data.startswith(begin):
            return change
    return _boxed if data[4:8] == b"ftyp" else flip


Part = tuple[bytes, bytes]  # a name and a body


def _shuffled(parts: list[Part], chance: random.Random, spare: tuple[bytes, ...] = ()) -> list[Part]:
    """The parts with one that is gone, twice, elsewhere, renamed, new, or of other content."""
    if not parts:
        return parts
    parts, place = list(parts), chance.randrange(len(parts))
    name, body = parts[place]
    deed = chance.randrange(6)
    if deed == 0:
        del parts[place]
    elif deed == 1:
        parts.insert(chance.randrange(len(parts)), (name, body))
    elif deed == 2:
        parts.insert(chance.randrange(len(parts)), parts.pop(place))
    elif deed == 3:
        parts[place] = (chance.choice([one for one, _ in parts] + list(spare)), body)
    elif deed == 4 and spare:
        parts.insert(place, (chance.choice(spare), chance.choice((b"", chance.randbytes(30), body))))
    else:
        parts[place] = (name, chance.choice(ANYWHERE)(body, chance))
    return parts


def _png(data: bytes, chance: random.Random) -> bytes:
    """Chunks, their checksums right."""
    parts, place = [], 8
    while place + 12 <= len(data):
        length = int.from_bytes(data[place : place + 4])
        parts.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + length]))
        place += 12 + length
    made = (
        struct.pack(">I", len(body)) + name + body + zlib.crc32(name + body).to_bytes(4)
        for name, body in _shuffled(parts, chance, CHUNKS)
    )
    return data[:8] + b"".join(made)


def _jpeg(data: bytes, chance: random.Random) -> bytes:
    """Segments before the pixels; EXIF by its tags."""
    parts, place = [], 2
    while data[place : place + 1] == b"\xff" and data[place + 1 : place + 2] not in (b"\xda", b"\xd9", b""):
        length = int.from_bytes(data[place + 2 : place + 4])
        parts.append((data[place + 1 : place + 2], data[place + 4 : place + 2 + length]))
        place += 2 + max(length, 2)
    if chance.random() < 0.5:
        parts = [(m, b[:6] + _tagged(b[6:], chance)) if b.startswith(b"Exif\0\0") else (m, b) for m, b in parts]
    else:
        parts = _shuffled(parts, chance, (b"\xe1", b"\xe2", b"\xed", b"\xee", b"\xdb", b"\xc4", b"\xc2"))
    made = (b"\xff" + name + struct.pack(">H", min(len(body) + 2, 65535)) + body for name, body in parts)
    return data[:2] + b"".join(made) + data[place:]


def _riff(data: bytes, chance: random.Random) -> bytes:
    """Chunks of WebP, their lengths right."""
    parts, place = [], 12
    while place + 8 <= len(data):
        length = int.from_bytes(data[place + 4 : place + 8], "little")
        parts.append((data[place : place + 4], data[place + 8 : place + 8 + length]))
        place += 8 + length + length % 2
    made = b"".join(
        name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)
        for name, body in _shuffled(parts, chance, (b"VP8X", b"ICCP", b"EXIF", b"XMP ", b"ANIM", b"ANMF", b"ALPH"))
    )
    return b"RIFF" + struct.pack("<I", len(made) + 4) + b"WEBP" + made


def _boxed(data: bytes, chance: random.Random) -> bytes:
    """Boxes of HEIC and AVIF at any depth, their lengths right."""
    parts = list(_boxes(data))
    inner = [place for place, (name, _) in enumerate(parts) if name in CONTAINERS]
    if inner and chance.random() < 0.85:
        place = chance.choice(inner)
        name, body = parts[place]
        head = 4 if name == b"meta" else 0
        parts[place] = (name, body[:head] + _boxed(body[head:], chance))
    else:
        parts = _shuffled(parts, chance)
    return b"".join(struct.pack(">I", len(body) + 8) + name + body for name, body in parts)


def _boxes(data: bytes) -> Iterator[Part]:
    place = 0
    while place + 8 <= len(data):
        length = int.from_bytes(data[place : place + 4]) or len(data) - place
        yield data[place + 4 : place + 8], data[place + 8 : place + max(length, 8)]
        place += max(length, 8)


def _tagged(data: bytes, chance: random.Random) -> bytes:
    """One entry of a TIFF's directory with another tag, type, count or value."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 10:
        return flip(data, chance)
    (start,) = struct.unpack_from(order + "I", data, 4)
    if start + 2 > len(data):
        return flip(data, chance)
    (count,) = struct.unpack_from(order + "H", data, start)
    entry = start + 2 + 12 * chance.randrange(max(count, 1))
    offset, kind = chance.choice(((0, "H"), (2, "H"), (4, "I"), (8, "I"), (8, "H")))
    value = chance.choice(
        (*NUMBERS, *range(13), 0x0100, 0x0101, 0x0103, 0x0111, 0x0117, 0x8769, chance.getrandbits(32))
    )
    packed = struct.pack(order + kind, value % (1 << 8 * struct.calcsize(kind)))
    return data[: entry + offset] + packed + data[entry + offset + len(packed) :]


def _headed(data: bytes, chance: random.Random) -> bytes:
    """A number in the head of a BMP or a GIF."""
    place, packed = chance.randrange(2, 64), _packed(chance)
    return data[:place] + packed + data[place + len(packed) :]


KINDS: dict[bytes, Change] = {
    b"\x89PNG\r\n\x1a\n": _png, b"\xff\xd8": _jpeg, b"RIFF": _riff, b"II": _tagged, b"MM": _tagged, b"BM": _headed,
    b"GIF8": _headed,
}  # fmt: skip
