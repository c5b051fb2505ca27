"""What is kept, in both kinds of databases."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from chains import RequestError
from web.database import MIGRATIONS, Base, CaptionRow, PhotoRow, connect, migrate, newest
from web.errors import NotFound
from web.library import Library, new_id, now
from web.records import Search


@pytest.fixture
def library(database: str, tmp_path: Path) -> Iterator[Library]:
    engine = connect(database, tmp_path)
    yield Library(engine)
    engine.dispose()


def photo(size: int = 10, days: float = 0) -> PhotoRow:
    id = new_id()
    return PhotoRow(
        id=id, digest=f"digest {id}", width=4, height=3, size=size, seen=None, created_at=now() - timedelta(days=days)
    )  # fmt: skip


def caption(of: PhotoRow, **values: Any) -> CaptionRow:
    given = {"accepted": False, "status": "queued", "attempts": 0, "request": {}} | values
    return CaptionRow(id=new_id(), photo_id=of.id, created_at=now(), updated_at=now(), **given)


def kept(library: Library, of: PhotoRow, **values: Any) -> str:
    return library.add(caption(of, **values), of).id


def test_the_tables_are_those_of_the_code(library: Library) -> None:
    with library.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    migrate(library.engine)


def test_the_newest_revision_is_alembics_head(library: Library) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [newest()]


def test_tables_of_another_revision_are_left_as_they_are(library: Library) -> None:
    with library.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(RequestError, match="a newer Moodcap made it"):
        migrate(library.engine)


def test_an_sqlite_file_is_written_ahead(tmp_path: Path) -> None:
    engine = connect("", tmp_path)
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
    engine.dispose()
    assert (tmp_path / "moodcap.db").exists()


@pytest.mark.parametrize("url", ["nonsense", "mysql+nothing://x/y", "oracle://x"])
def test_a_url_that_is_none_is_told(url: str, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="MOODCAP_DATABASE"):
        connect(url, tmp_path)


def test_a_caption_goes_from_queued_to_done_once(library: Library) -> None:
    id = kept(library, photo())
    assert [row.id for row in library.undone()] == [id]
    assert [library.start(id), library.start(id)] == [1, 2]
    seen = {"literal": {}, "emotion": {}, "models": ["a"]}
    assert library.finish(id, {"status": "done", "text": "Ä „text“ 🐕"}, seen)
    assert not library.finish(id, {"status": "failed"}), "what is done stays done"
    assert library.start(id) == 0
    row = library.get(id)
    assert (row.status, row.text, row.photo.seen) == ("done", "Ä „text“ 🐕", seen)
    assert row.created_at.tzinfo is not None
    assert library.undone() == []
    assert library.seen(row.photo.digest, ["a"]) == seen
    assert library.seen(row.photo.digest, ["b"]) is None
    assert library.seen(row.photo.digest, ["a"], "long") is None


def test_what_is_gone_is_told_and_not_started(library: Library) -> None:
    with pytest.raises(NotFound):
        library.get("nothing")
    assert library.start("nothing") == 0
    assert not library.finish("nothing", {"status": "done"})
    assert library.remove("nothing") is None


def test_a_photo_goes_with_its_last_caption(library: Library) -> None:
    of = photo()
    first = kept(library, of)
    second = library.add(caption(of, rewrite_of=first)).id
    assert library.remove(first) is None
    assert library.has_photo(of.id)
    assert library.remove(second) == of.id
    assert not library.has_photo(of.id)


def test_pages_follow_each_other_while_new_captions_come(library: Library) -> None:
    ids = [kept(library, photo()) for _ in range(5)]
    page, cursor = library.page(Search(limit=2))
    assert [row.id for row in page] == [ids[4], ids[3]]
    kept(library, photo())
    page, cursor = library.page(Search(limit=2, cursor=cursor))
    assert [row.id for row in page] == [ids[2], ids[1]]
    page, cursor = library.page(Search(limit=2, cursor=cursor))
    assert ([row.id for row in page], cursor) == ([ids[0]], None)


def test_search_looks_for_letters_not_patterns(library: Library) -> None:
    id = kept(library, photo(), text="100% Of_it", literal="a dog", status="done")
    kept(library, photo(), text="1000 of it", status="done")
    for words in ("100%", "of_i", "A DOG"):
        assert [row.id for row in library.page(Search(q=words))[0]] == [id]


def test_the_old_and_the_many_are_outdated(library: Library) -> None:
    old, middle, new = (kept(library, photo(100, days), status="done") for days in (9, 5, 1))
    waiting = kept(library, photo(100, 20))
    assert library.outdated(None, 0) == []
    assert library.outdated(now() - timedelta(days=7), 0) == [old]
    assert sorted(library.outdated(None, 200)) == sorted([old])
    assert sorted(library.outdated(None, 150)) == sorted([old, middle])
    assert new not in library.outdated(now() - timedelta(days=2), 100)
    assert waiting not in library.outdated(now(), 1), "what waits is not swept away"
