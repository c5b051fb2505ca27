"""The sweeper keeps what the settings keep, and nothing else."""

import os
import time

from tests.photos import draw_photo, encoded
from web.sweeper import sweep

from .calls import URL, post
from .conftest import MakeApp, captions_of


def test_the_newest_photos_stay_within_their_bytes(make: MakeApp) -> None:
    app = make()
    client = app.test_client()
    ids = [post(client, encoded(draw_photo(seed))).json["id"] for seed in range(3)]
    captions = captions_of(app)
    size = captions.library.get(ids[2]).photo.size + captions.library.get(ids[1]).photo.size
    assert sweep(captions) == 0
    captions.settings = captions.settings.model_copy(update={"keep_bytes": size})
    assert sweep(captions) == 1
    assert [one["id"] for one in client.get(URL).json["captions"]] == [ids[2], ids[1]]
    captions.settings = captions.settings.model_copy(update={"keep_days": 1e-9})
    assert sweep(captions) == 2
    assert not [path for path in captions.photos.folder.rglob("*") if path.is_file()]


def test_files_that_nobody_knows_of_go_when_they_are_old(make: MakeApp) -> None:
    app = make()
    post(app.test_client())
    captions = captions_of(app)
    lost = [captions.photos.folder / "zz" / name for name in ("zzlost.jpg", "zzlost.small.jpg", "zzhalf.part")]
    lost[0].parent.mkdir()
    for path in lost:
        path.write_bytes(b"x")
    assert sweep(captions) == 0
    assert all(path.exists() for path in lost)
    for path in captions.photos.folder.rglob("*.*"):
        os.utime(path, (time.time() - 9000,) * 2)
    sweep(captions)
    assert not any(path.exists() for path in lost)
    assert len([path for path in captions.photos.folder.rglob("*") if path.is_file()]) == 2
