"""The formats that are read: which one a file is, how it is opened, and how a file with a small fault is mended.

A file that its format's decoder refuses is tried again without what no browser insists on: metadata, checksums of
it, a missing end. Nothing is made up: a JPEG without its end is read only where all of its pixels are there.
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import NamedTuple

from PIL import Image, ImageFile
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import ImageFileDirectory_v2, TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from .errors import PhotoUnsupported
from .photo_colours import code_points, png_code_points
from .photo_pixels import POINTS

Open = Callable[[bytes], Image.Image]
HEIF_BRANDS = frozenset(b"heic heix heim heis hevc hevx hevm hevs mif1 mif2 msf1".split())
BMP_HEADERS = frozenset([12, 16, 40, 52, 56, 64, 108, 124])
COMPRESSION = 259
TIFF_READ = frozenset([1, 2, 3, 4, 5, 7, 8, 32773, 32946, 34925, 50000])
"""The compressions of TIFF that Pillow's wheels decode."""
REFUSED = re.compile(
    r"unsupported|not supported|not installed|not available|no codec|unknown pixel mode|cannot handle 1[26]-bit", re.I
)
TEXT_CHUNKS = (b"tEXt", b"zTXt", b"iTXt")
XMP = b"XML:com.adobe.xmp\0\0"
NEEDED_CHUNKS = (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS")
JUNK = tuple(bytes((i + 1) * step % 251 for i in range(512)) for step in (149, 86))
END = b"\xff\xd9"


class Format(NamedTuple):
    """A format: its name, how the names of its files end, what it begins with, how it is opened and mended."""

    name: str
    suffixes: str
    fits: Callable[[bytes], bool]
    open: Callable[[BytesIO], ImageFile.ImageFile]
    mended: Callable[[bytes, Open], Iterator[bytes]]


def format_of(data: bytes) -> Format:
    """The format of a file, by its first bytes.

    Raises:
        PhotoUnsupported: it is none that is read.
    """
    for one in FORMATS_READ:
        if one.fits(data):
            return one
    raise PhotoUnsupported(f"The file is no photo of a known format ({', '.join(FORMATS)}).")


def is_refused(error: Exception) -> bool:
    """Whether a file was refused for what its decoder does not know, and not for damage."""
    return bool(REFUSED.search(str(error)))


def _as_it_is(data: bytes, _: Open) -> Iterator[bytes]:
    yield data


def _mended_jpeg(data: bytes, open: Open) -> Iterator[bytes]:
    yield data
    ended = _ended(data)
    if _is_whole(ended, open):
        yield ended
    bare = _bare_jpeg(ended)
    if _is_whole(bare, open):
        yield bare


def _is_whole(ended: bytes, open: Open) -> bool:
    """Whether the scan of a JPEG holds all pixels: what is put behind it then changes nothing."""
    try:
        pixels = _pixels(open(ended))
        return all(pixels == _pixels(open(ended[:-2] + junk + END)) for junk in JUNK)
    except Exception:
        return False


def _pixels(image: Image.Image) -> int:
    return zlib.crc32(image.tobytes())


def _ended(data: bytes) -> bytes:
    """The JPEG up to the end of its last scan, with an end, whatever lies behind."""
    place = 2
    for start, end in _segments(data):
        place = _scan_end(data, end) if data[start + 1] == 0xDA else end
    return data[:place].rstrip(b"\xff") + END


def _bare_jpeg(ended: bytes) -> bytes:
    """The JPEG without metadata; APP0 and APP14 say what its colours are."""
    kept, place = bytearray(ended[:2]), 2
    for start, end in _segments(ended):
        marker = ended[start + 1]
        place = _scan_end(ended, end) if marker == 0xDA else end
        if marker in (0xE0, 0xEE) or not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            kept += ended[start:place]
    return bytes(kept) + END


def _segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Where the segments of a JPEG begin and end (ITU-T T.81, B.1), to its end or to what is none."""
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4])
        if marker == 0xFF:
            place += 1
            continue
        end = place + 2 + length
        if not 0xC0 <= marker <= 0xFE or marker == 0xD9 or length < 2 or end > len(data):
            return
        yield place, end
        place = _scan_end(data, end) if marker == 0xDA else end


def _scan_end(data: bytes, start: int) -> int:
    """Where the coded pixels from `start` end: at the first marker that is no restart."""
    place = data.find(b"\xff", start)
    while 0 <= place < len(data) - 1:
        following = data[place + 1]
        if following != 0 and following != 0xFF and not 0xD0 <= following <= 0xD7:
            return place
        place = data.find(b"\xff", place + (1 if following == 0xFF else 2))
    return len(data)


def _mended_png(data: bytes, _: Open) -> Iterator[bytes]:
    yield data
    yield _without(data, lambda kind, body: kind in TEXT_CHUNKS and (len(body) > 1 << 20 or not body.startswith(XMP)))
    yield _without(data, lambda kind, body: kind not in NEEDED_CHUNKS)


def _without(data: bytes, dropped: Callable[[bytes, bytes], bool]) -> bytes:
    """The PNG without some chunks, and without those besides its pixels whose checksum is wrong."""
    kept, place = bytearray(data[:8]), 8
    while place + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        body, end = data[place + 8 : place + 8 + length], place + 12 + length
        wrong = zlib.crc32(kind + body).to_bytes(4) != data[end - 4 : end]
        if not (dropped(kind, body) or (wrong and kind[0] & 0x20)):
            kept += data[place:end]
        place = end
    return bytes(kept + data[place:])


def _brands(data: bytes) -> list[bytes]:
    if data[4:8] != b"ftyp":
        return []
    end = min(int.from_bytes(data[:4]), 512)
    return [data[8:12], *(data[place : place + 4] for place in range(16, end, 4))]


def _is_avif(data: bytes) -> bool:
    brands = _brands(data)
    return bool({b"avif", b"avis"} & set(brands)) and (brands[0] in (b"avif", b"avis") or brands[0] in HEIF_BRANDS)


def _is_heif(data: bytes) -> bool:
    return bool(HEIF_BRANDS & set(_brands(data)[:1]))


def _is_bmp(data: bytes) -> bool:
    return data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in BMP_HEADERS


def _open_tiff(file: BytesIO) -> ImageFile.ImageFile:
    head = file.read(16)
    directory = ImageFileDirectory_v2(head if 43 in head[2:4] else head[:8])
    file.seek(directory.next)
    directory.load(file)
    if directory.get(COMPRESSION, 1) not in TIFF_READ:
        raise PhotoUnsupported("The photo is TIFF with a compression that is not read.")
    file.seek(0)
    return TiffImageFile(file)


def _open_heif(file: BytesIO) -> ImageFile.ImageFile:
    try:
        from pillow_heif import HeifImageFile
    except ImportError as error:
        raise PhotoUnsupported("The photo is HEIC, and pillow-heif, which reads it, is not installed.") from error
    return _with_points(HeifImageFile(file), file)


def _open_avif(file: BytesIO) -> ImageFile.ImageFile:
    return _with_points(AvifImageFile(file), file)


def _with_points(image: ImageFile.ImageFile, file: BytesIO) -> ImageFile.ImageFile:
    if "icc_profile" not in image.info:  # which says more of the colours, where a file has both
        image.info[POINTS] = code_points(file.getvalue())
    return image


def _open_png(file: BytesIO) -> ImageFile.ImageFile:
    image = PngImageFile(file)
    image.info[POINTS] = png_code_points(file.getvalue())  # before a profile (PNG, third edition, 11.3.2)
    return image


BIG_ENDIAN, LITTLE_ENDIAN = (b"MM\0*", b"MM\0+"), (b"II*\0", b"II+\0")
FORMATS_READ = (
    Format("JPEG", ".jpg .jpeg .jpe .jfif", lambda data: data[:3] == b"\xff\xd8\xff", JpegImageFile, _mended_jpeg),
    Format("PNG", ".png", lambda data: data[:8] == b"\x89PNG\r\n\x1a\n", _open_png, _mended_png),
    Format("WebP", ".webp", lambda data: (data[:4], data[8:12]) == (b"RIFF", b"WEBP"), WebPImageFile, _as_it_is),
    Format("GIF", ".gif", lambda data: data[:6] in (b"GIF87a", b"GIF89a"), GifImageFile, _as_it_is),
    Format("BMP", ".bmp", _is_bmp, BmpImageFile, _as_it_is),
    Format("TIFF", ".tif .tiff", lambda data: data[:4] in BIG_ENDIAN + LITTLE_ENDIAN, _open_tiff, _as_it_is),
    Format("AVIF", ".avif", _is_avif, _open_avif, _as_it_is),
    Format("HEIC", ".heic .heif .hif", _is_heif, _open_heif, _as_it_is),
)
FORMATS = tuple(one.name for one in FORMATS_READ)
"""The formats that are read; of an animation the first frame is taken."""
SUFFIXES = frozenset(suffix for one in FORMATS_READ for suffix in one.suffixes.split())
"""How the names of their files end, in lower case."""
