"""Files with small faults are read, and what is refused is called what it is."""

import struct
import zlib
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from models import FORMATS, PhotoBroken, PhotoTooLarge, PhotoUnsupported, open_photo
from models.photo import BROKEN
from tests.photos import draw_photo, encoded, good_files, heic

PHOTO = draw_photo()
JPEG, PNG = encoded(PHOTO), encoded(PHOTO, "PNG")
NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (90, 120, 3)).astype(np.uint8))
PROGRESSIVE = encoded(NOISE, progressive=True)
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0" + bytes(range(256)) * 8 + b"\xff\xc0\0\x11\xff\xd9"


def exif(*entries: tuple[int, int, int, bytes], orientation: int | None = 6) -> bytes:
    """A block of EXIF, big-endian: tag, type, count and four bytes of each entry, as broken as is wished."""
    turn = [(0x0112, 3, 1, struct.pack(">HH", orientation, 0))] if orientation else []
    told = sorted([*turn, *entries])
    rows = b"".join(struct.pack(">HHI4s", *one) for one in told)
    return b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">H", len(told)) + rows + bytes(4) + b"\xff\xff\xff\xff\0\0\0\0"


def place(count: int) -> bytes:
    """Where what lies behind so many entries is found."""
    return struct.pack(">I", 8 + 2 + 12 * count + 4)


def chunk(kind: bytes, body: bytes, wrong: bool = False) -> bytes:
    """A chunk of a PNG; optionally with a wrong checksum."""
    return struct.pack(">I", len(body)) + kind + body + (zlib.crc32(kind + body) ^ wrong).to_bytes(4)


def with_chunk(*given: Any, **options: Any) -> bytes:
    """The PNG with a chunk before its pixels."""
    return PNG[:33] + chunk(*given, **options) + PNG[33:]


def same(data: bytes, as_in: bytes) -> bool:
    """Whether two files hold the same pixels."""
    return open_photo(data).image.tobytes() == open_photo(as_in).image.tobytes()


BROKEN_EXIF = {
    "a rational of -1 by 0": exif((0x011A, 10, 1, place(2))),
    "a rational that is a text": exif((0x011A, 2, 4, b"abc\0")),
    "a negative width": exif((0x0100, 9, 1, struct.pack(">i", -5))),
    "a value beyond the end": exif((0x8769, 4, 1, b"\xff\xff\xff\x00")),
    "a count beyond the end": exif((0x010F, 2, 1 << 31, place(2))),
    "an unknown type": exif((0x010F, 99, 1, b"abc\0")),
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("name", BROKEN_EXIF)
def test_broken_exif_is_passed_over_and_the_orientation_kept(kind: str, name: str) -> None:
    data = encoded(PHOTO, kind, exif=BROKEN_EXIF[name])
    assert open_photo(data).image.size == (64, 96)


@pytest.mark.parametrize(
    "block",
    [
        b"Exif\0\0",
        b"Exif\0\0MM\0*\0\0\0\xff",
        b"Exif\0\0nothing at all",
        exif((0x0112, 2, 4, b"six\0"), orientation=None),
        exif((0x0112, 5, 1, place(1)), orientation=None),
        exif(orientation=99),
    ],
)
def test_an_orientation_that_cannot_be_read_turns_nothing(block: bytes) -> None:
    assert open_photo(encoded(PHOTO, exif=block)).image.size == (96, 64)


@pytest.mark.parametrize("cut", [2, 9, 40, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "tiff", "avif", "heic", "progressive"])
def test_whatever_decoding_raises_is_told_as_damage(name: str, cut: float) -> None:
    data = {**good_files(), "progressive": PROGRESSIVE, "heic": heic()}[name]
    for broken in (data[: int(cut * len(data)) if cut < 1 else int(cut)], mangled(data, int(cut * 10))):
        with suppress(PhotoBroken, PhotoUnsupported, PhotoTooLarge):
            open_photo(broken)


def mangled(data: bytes, seed: int) -> bytes:
    """The file with bytes changed behind its first ones."""
    chance, changed = np.random.default_rng(seed), bytearray(data)
    for _ in range(12):
        changed[int(chance.integers(16, len(data)))] = int(chance.integers(256))
    return bytes(changed)


def test_half_an_avif_is_damage() -> None:
    data = encoded(PHOTO, "AVIF")
    with pytest.raises(PhotoBroken):
        open_photo(data[: len(data) // 2])


@pytest.mark.parametrize("jpeg", [JPEG, PROGRESSIVE, encoded(PHOTO, restart_marker_blocks=1)])
@pytest.mark.parametrize("behind", [b"", b"\0" * 99, MP4, MP4[:-4]])
def test_a_jpeg_without_its_end_is_read_where_no_pixel_is_missing(jpeg: bytes, behind: bytes) -> None:
    assert same(jpeg[:-2] + behind, jpeg)
    assert same(jpeg + behind, jpeg)


@pytest.mark.parametrize("jpeg", [JPEG, PROGRESSIVE])
@pytest.mark.parametrize("part", [0.55, 0.7, 0.9])
def test_a_jpeg_that_lacks_pixels_is_damaged(jpeg: bytes, part: float) -> None:
    with pytest.raises(PhotoBroken, match=BROKEN):
        open_photo(jpeg[: int(part * len(jpeg))])


def test_a_jpeg_with_segments_that_pillow_cannot_read_is_read() -> None:
    for marker, body in ((0xED, b"Photoshop 3.0\0" + b"8BIM\x03\xed\0\0\0\0\0\x10" + bytes(3)), (0xE2, b"MPF\0broken")):
        data = JPEG[:2] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + JPEG[2:]
        assert same(data, JPEG)


def test_a_png_with_much_text_is_read() -> None:
    long = zlib.compress(b"x" * 3_000_000)
    for body in (
        (b"zTXt", b"prompt\0\0" + long),
        (b"iTXt", b"prompt\0\1\0\0\0" + long),
        (b"tEXt", b"a\0" + b"y" * 2_000_000),
    ):
        assert same(with_chunk(*body), PNG)


@pytest.mark.parametrize("kind", [b"pHYs", b"tEXt", b"gAMA", b"iCCP", b"eXIf", b"prVt"])
def test_a_wrong_checksum_of_metadata_is_passed_over(kind: bytes) -> None:
    assert same(with_chunk(kind, b"\0" * 9, wrong=True), PNG)


@pytest.mark.parametrize("kind", [b"iCCP", b"eXIf", b"cHRM", b"pHYs"])
def test_metadata_that_cannot_be_read_is_passed_over(kind: bytes) -> None:
    for body in (b"", b"\0", b"a\0\0not compressed", b"a\0\0" + zlib.compress(b"0" * 3_000_000)):
        assert same(with_chunk(kind, body), PNG)


def test_a_wrong_checksum_of_the_pixels_is_damage() -> None:
    place = PNG.index(b"IDAT")
    with pytest.raises(PhotoBroken):
        open_photo(PNG[: place + 6] + b"\x55" + PNG[place + 7 :])


def test_max_pixels_goes_beyond_pillows_own_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    for name in ("jpeg", "webp", "png", "animated gif", "tiff"):
        assert open_photo(good_files()[name]).image.size == (96, 64)
    with pytest.raises(PhotoTooLarge):
        open_photo(JPEG, max_pixels=6143)


def jpeg_of_twelve_bits() -> bytes:
    place = JPEG.index(b"\xff\xc0")
    return JPEG[: place + 4] + b"\x0c" + JPEG[place + 5 :]


def tiff_of(compression: int) -> bytes:
    data = encoded(PHOTO, "TIFF")
    entry = struct.pack("<HHI", 259, 3, 1)
    place = data.index(entry) + len(entry)
    return data[:place] + struct.pack("<H", compression) + data[place + 2 :]


@pytest.mark.parametrize(
    "data",
    [
        b"BMW is a maker of cars, and this is a text", b"GIF88a" + bytes(20), b"RIFF\0\0\0\0WAVEfmt ", MP4,
        b"\0\0\0\x0cJXL \r\n\x87\n", jpeg_of_twelve_bits(), tiff_of(50001), tiff_of(34712),
        encoded(PHOTO, "PPM"), encoded(PHOTO, "JPEG2000"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_called_unsupported(data: bytes) -> None:
    with pytest.raises(PhotoUnsupported):
        open_photo(data)


@pytest.mark.parametrize(
    "data",
    [
        JPEG[:9], PNG[:20], b"\xff\xd8\xff" + bytes(99), b"GIF89a\0", encoded(PHOTO, "WEBP")[:18],
        encoded(PHOTO, "AVIF")[:40], encoded(PHOTO, "TIFF")[:12], encoded(PHOTO, "BMP")[:30], tiff_of(5),
        heic()[:60],
    ],
)  # fmt: skip
def test_what_is_damaged_is_called_broken(data: bytes) -> None:
    with pytest.raises(PhotoBroken):
        open_photo(data)


def test_heic_is_read_upright_in_its_colours_and_within_the_limits() -> None:
    found = open_photo(heic()).image
    assert found.size == (96, 64)
    assert np.abs(np.asarray(found).astype(int) - np.asarray(PHOTO)).mean() < 12
    assert open_photo(heic(exif=exif())).image.size == (64, 96)
    with pytest.raises(PhotoTooLarge):
        open_photo(heic(), max_pixels=6143)
    with pytest.raises(PhotoTooLarge):
        open_photo(heic(), max_bytes=99)


def test_an_avif_and_a_heic_of_the_same_container_are_told_apart() -> None:
    for kind, data in (("AVIF", encoded(PHOTO, "AVIF")), ("HEIC", heic())):
        generic = data[:8] + b"mif1" + data[12:]
        from models.photo_files import format_of

        assert format_of(data).name == format_of(generic).name == kind


def test_every_format_is_named_where_none_is_known(tmp_path: Path) -> None:
    with pytest.raises(PhotoUnsupported, match=", ".join(FORMATS)):
        open_photo(b"no photo")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_every_orientation_comes_out_upright(kind: str, turn: int) -> None:
    given = Image.Exif()
    given[0x0112] = turn
    back = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[turn]
    stored = PHOTO if back is None else PHOTO.transpose(Image.Transpose(back))
    found = open_photo(encoded(stored, kind, exif=given.tobytes())).image
    assert found.size == PHOTO.size
    assert np.abs(np.asarray(found).astype(int) - np.asarray(PHOTO)).mean() < 12


def test_a_lazy_image_that_cannot_be_decoded_is_damaged() -> None:
    with pytest.raises(PhotoBroken), Image.open(BytesIO(PNG[:-60])) as image:
        open_photo(image)
