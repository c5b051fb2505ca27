"""Photos on the disk: re-encoded, under names made by us, sharded; and with captions written into them."""

import os
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

from PIL import Image

from .errors import DiskFull

LEAST_ROOM = 1 << 20  # bytes
THUMBNAIL = 480
"""Pixels of a thumbnail's longer side."""


class PhotoStore:
    """A folder of photos and thumbnails, JPEG without metadata, each written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def check_room(self) -> None:
        """Raises `DiskFull` where the disk has no room for another photo."""
        if shutil.disk_usage(self.folder).free < LEAST_ROOM:
            raise DiskFull()

    def save(self, id: str, image: Image.Image) -> int:
        """Keep an RGB image and its thumbnail; the bytes that both take."""
        small = image.copy()
        small.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
        return _write(self.photo(id), image, 90) + _write(self.thumbnail(id), small, 82)

    def photo(self, id: str) -> Path:
        """Where the photo lies."""
        return self.folder / id[:2] / f"{id}.jpg"

    def thumbnail(self, id: str) -> Path:
        """Where the thumbnail lies."""
        return self.folder / id[:2] / f"{id}.small.jpg"

    def remove(self, id: str) -> None:
        """Delete both files, where they are."""
        for path in (self.photo(id), self.thumbnail(id)):
            path.unlink(missing_ok=True)

    def ids(self, older_than: float) -> Iterator[str]:
        """Ids of what lies in the folder since before a moment (seconds since 1970), half-written files too."""
        for path in self.folder.glob("*/*"):
            try:
                if path.stat().st_mtime < older_than:
                    yield path.name.partition(".")[0]
            except FileNotFoundError:
                continue

    def remove_parts(self, older_than: float) -> None:
        """Delete what a kill left half written before a moment."""
        for path in self.folder.glob("*/*.part"):
            if path.stat().st_mtime < older_than:
                path.unlink(missing_ok=True)


def _write(path: Path, image: Image.Image, quality: int) -> int:
    path.parent.mkdir(exist_ok=True)
    part = path.with_suffix(".part")
    try:
        with part.open("wb") as file:
            image.save(file, "JPEG", quality=quality, optimize=True)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path.stat().st_size


def with_captions(jpeg: bytes, literal: str, caption: str) -> bytes:
    """The JPEG with both captions in its metadata, its pixels untouched.

    The caption goes to XMP `dc:description` and IPTC-IIM 2:120, the literal caption to
    `Iptc4xmpCore:AltTextAccessibility` (IPTC Photo Metadata Standard 2021.1).
    """
    xmp = b"http://ns.adobe.com/xap/1.0/\0" + _xmp(literal, caption).encode()
    return jpeg[:2] + _segment(0xE1, xmp) + _segment(0xED, _iptc(caption)) + jpeg[2:]


def _segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def _xmp(literal: str, caption: str) -> str:
    def alternative(name: str, text: str) -> str:
        return f'<{name}><rdf:Alt><rdf:li xml:lang="x-default">{escape(text)}</rdf:li></rdf:Alt></{name}>'

    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/">'
        + alternative("dc:description", caption)
        + alternative("Iptc4xmpCore:AltTextAccessibility", literal)
        + '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    )


def _iptc(caption: str) -> bytes:
    text = caption.encode()[:2000].decode(errors="ignore").encode()
    records = b"\x1c\x01\x5a\x00\x03\x1b%G" + b"\x1c\x02\x78" + struct.pack(">H", len(text)) + text
    block = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records
    return b"Photoshop 3.0\0" + block + b"\0" * (len(records) % 2)
