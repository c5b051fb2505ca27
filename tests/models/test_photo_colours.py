"""Colours of wide gamuts, and light brighter than paper, come out as a screen shows them, however a file names them."""

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from models import open_photo
from models.photo_colours import CodePoints, code_points, png_code_points, to_srgb
from tests.photos import draw_photo, encoded

TABLE = {
    (255, 255, 255): (255, 255, 255), (0, 0, 0): (0, 0, 0), (119, 119, 119): (119, 119, 119),
    (200, 100, 50): (215, 93, 31), (67, 151, 42): (0, 153, 0), (230, 60, 60): (250, 31, 49),
    (60, 180, 90): (0, 183, 78), (40, 60, 200): (34, 61, 208), (250, 220, 90): (255, 219, 54),
    (120, 80, 160): (127, 78, 165), (20, 140, 160): (0, 143, 163), (255, 0, 0): (255, 0, 0),
}  # fmt: skip
"""Display P3 and sRGB, by the matrices of CSS Color 4 (section 18) in double precision; beyond sRGB it is clipped."""
P3, PQ, HLG = CodePoints(12, 13), CodePoints(9, 16), CodePoints(9, 18)
NCLX_P3 = {"color_primaries": 12, "transfer_characteristics": 13, "matrix_coefficients": 5, "full_range_flag": 1}
SIDE = 16


def patches() -> Image.Image:
    """The colours of the table, one beside the other."""
    row = np.array([list(TABLE)], np.uint8)
    return Image.fromarray(row.repeat(SIDE, axis=0).repeat(SIDE, axis=1))


def off(data: bytes, wanted: Any = None) -> int:
    """By how much the photo's patches are off at most."""
    found = np.asarray(open_photo(data).image)[SIDE // 2, SIDE // 2 :: SIDE].astype(int)
    return int(np.abs(found - np.array(wanted or list(TABLE.values()))).max())


def p3_profile() -> bytes:
    """Display P3 as a profile: sRGB's, with other primaries (adapted to D50, as Apple publishes them)."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    values = {
        b"rXYZ": (0.51512, 0.2412, -0.00105),
        b"gXYZ": (0.29198, 0.69225, 0.04189),
        b"bXYZ": (0.1571, 0.06657, 0.78407),
    }
    for tag, xyz in values.items():
        (place,) = struct.unpack_from(">I", profile, profile.index(tag, 128) + 4)
        struct.pack_into(">iii", profile, place + 8, *(round(one * 65536) for one in xyz))
    return bytes(profile)


def heic(*images: Image.Image, primary: int = 0, **options: Any) -> bytes:
    """A HEIC file without loss, of one or more pictures."""
    import pillow_heif

    file, made = BytesIO(), pillow_heif.from_pillow(images[0])
    for image in images[1:]:
        made.add_from_pillow(image)
    made.save(file, quality=-1, chroma=444, primary_index=primary, **options)
    return file.getvalue()


def avif(image: Image.Image, points: CodePoints | None = None, **options: Any) -> bytes:
    """An AVIF file with almost no loss, with other code points in its box."""
    data = encoded(image, "AVIF", quality=100, subsampling="4:4:4", **options)
    place = data.index(b"colrnclx") + 8
    return data if points is None else data[:place] + struct.pack(">HH", *points) + data[place + 4 :]


def png(points: bytes, image: Image.Image | None = None, **options: Any) -> bytes:
    """A PNG with code points."""
    data, body = encoded(image or patches(), "PNG", **options), b"cICP" + points
    return data[:33] + struct.pack(">I", len(points)) + body + zlib.crc32(body).to_bytes(4) + data[33:]


def test_display_p3_by_a_profile_comes_out_right() -> None:
    image, profile = patches(), p3_profile()
    assert off(encoded(image, "PNG", icc_profile=profile)) <= 1
    assert off(encoded(image, "WEBP", lossless=True, icc_profile=profile)) <= 1
    assert off(encoded(image, "TIFF", icc_profile=profile)) <= 1
    assert off(encoded(image, quality=100, subsampling=0, icc_profile=profile)) <= 8
    image.info["icc_profile"] = profile
    assert off(heic(image)) <= 8
    assert off(avif(patches(), icc_profile=profile)) <= 8


def test_display_p3_by_code_points_comes_out_right() -> None:
    assert off(png(bytes((12, 13, 0, 1)))) <= 1
    assert off(heic(patches(), **NCLX_P3)) <= 8
    assert off(avif(patches(), P3)) <= 8


def test_srgb_by_code_points_is_left_as_it_is() -> None:
    for data in (png(bytes((1, 13, 0, 1))), png(bytes((77, 13, 0, 1))), heic(patches()), avif(patches())):
        assert off(data, list(TABLE)) <= 2


def test_the_right_one_of_profile_and_code_points_counts() -> None:
    profile = p3_profile()
    assert off(png(bytes((1, 13, 0, 1)), icc_profile=profile), list(TABLE)) == 0, "code points, in PNG"
    image = patches()
    image.info["icc_profile"] = profile
    assert off(heic(image, **NCLX_P3)) <= 8, "a profile in HEIC, and not both"


def test_transparency_stays_under_code_points() -> None:
    image = patches().convert("RGBA")
    image.putalpha(0)
    assert off(png(bytes((12, 13, 0, 1)), image), [(255, 255, 255)] * len(TABLE)) == 0
    palette = patches().convert("P", palette=Image.Palette.ADAPTIVE)
    assert off(png(bytes((12, 13, 0, 1)), palette)) <= 1


@pytest.mark.parametrize("primary", [0, 1])
def test_the_primary_picture_is_taken_in_its_own_colours(primary: int) -> None:
    """As in photos with a gain map, which is a second picture of grey beside the one to show."""
    other = Image.new("RGB", patches().size, (90, 90, 90))
    images = [patches(), other] if primary == 0 else [other, patches()]
    assert off(heic(*images, primary=primary, **NCLX_P3)) <= 8


def test_a_jpeg_with_a_gain_map_is_the_picture_without_it() -> None:
    gain = encoded(Image.new("L", (8, 8), 200))
    image = encoded(patches(), quality=100, subsampling=0, icc_profile=p3_profile())
    index = b"MPF\0MM\0*\0\0\0\x08\0\3" + b"".join(
        struct.pack(">HHI4s", *one)
        for one in ((0xB000, 7, 4, b"0100"), (0xB001, 4, 1, b"\0\0\0\2"), (0xB002, 7, 32, b"\0\0\0\x32"))
    )
    size = len(image) + len(index) + 4 + 36
    index += bytes(4) + struct.pack(">IIIHHIIIHH", 0x030000, size, 0, 0, 0, 0, len(gain), size - 60, 0, 0)
    xmp = b'http://ns.adobe.com/xap/1.0/\0<x xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"/>'
    parts = [struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body for marker, body in ((0xE2, index), (0xE1, xmp))]
    assert off(image[:2] + b"".join(parts) + image[2:] + gain) <= 8


def pq(light: float) -> int:
    """The code of so much light, 1 being white paper (SMPTE ST 2084)."""
    power = (light * 203 / 10_000) ** 0.1593017578125
    return round(255 * ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375)


@pytest.mark.parametrize(("light", "srgb"), [(0.05, 63), (0.18, 118), (0.5, 188)])
def test_light_below_paper_white_comes_out_as_it_is(light: float, srgb: int) -> None:
    grey = Image.new("RGB", (2, 2), (pq(light),) * 3)
    assert np.abs(np.asarray(to_srgb(grey, PQ)).astype(int) - srgb).max() <= 2
    assert (
        np.abs(
            np.asarray(open_photo(avif(Image.new("RGB", (32, 32), (pq(light),) * 3), PQ)).image).astype(int) - srgb
        ).max()
        <= 4
    )


@pytest.mark.parametrize("points", [PQ, HLG])
def test_brighter_light_is_compressed_and_stays_in_order_and_grey(points: CodePoints) -> None:
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, axis=2))
    found = np.asarray(to_srgb(ramp, points)).astype(int)[0]
    assert (np.diff(found, axis=0) >= 0).all()
    assert np.ptp(found, axis=1).max() <= 1
    assert (found[0].max(), found[-1].min() >= 245) == (0, True)
    assert len(np.unique(found[:, 0])) > 100


@pytest.mark.parametrize("kind", ["heic", "avif"])
def test_boxes_that_are_broken_name_no_colours_and_raise_nothing(kind: str) -> None:
    data = heic(draw_photo(size=(32, 32))) if kind == "heic" else avif(draw_photo(size=(32, 32)))
    head = data[: data.index(b"mdat")]
    assert code_points(data) is not None
    for place in range(len(head)):
        code_points(head[:place])
        for value in (0, 1, 255):
            code_points(head[:place] + bytes([value]) + head[place + 1 :])
    assert code_points(b"") is png_code_points(b"") is png_code_points(b"cICP\x0c") is None
