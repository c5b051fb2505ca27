"""A full disk and a database that is locked or away are told as what they are, and nothing is lost by them."""

import errno
import os
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tests.photos import draw_photo, encoded
from web import faults
from web.faults import as_known

from .calls import URL, post
from .conftest import captions_of, until


def code_of(error: BaseException) -> str | None:
    known = as_known(error)
    return None if known is None else known.code


def test_a_full_disk_is_known() -> None:
    for number in (errno.ENOSPC, errno.EDQUOT):
        assert code_of(OSError(number, "x")) == "disk_full"
    for other in (OSError(errno.EACCES, "x"), ValueError(), MemoryError()):
        assert code_of(other) is None
    assert code_of(PoolTimeout()) == "database_busy"


def test_what_sqlite_says_is_known(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'x.db'}", connect_args={"timeout": 0})
    with engine.connect() as one, engine.connect() as two:
        one.exec_driver_sql("CREATE TABLE a (b)")
        one.exec_driver_sql("INSERT INTO a VALUES (1)")
        with pytest.raises(OperationalError) as locked:
            two.exec_driver_sql("INSERT INTO a VALUES (1)")
        one.commit()
        one.exec_driver_sql("PRAGMA max_page_count=2")
        with pytest.raises(OperationalError) as full:
            one.exec_driver_sql("INSERT INTO a VALUES (zeroblob(100000))")
        with pytest.raises(OperationalError) as wrong:
            one.execute(text("SELECT nothing FROM nowhere"))
    engine.dispose()
    assert [code_of(one.value) for one in (locked, full, wrong)] == ["database_busy", "disk_full", None]


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("53100", "disk_full"), ("57P01", "database_busy"), ("57P03", "database_busy"), ("08006", "database_busy"),
        ("40P01", "database_busy"), ("55P03", "database_busy"), ("53300", "database_busy"), ("23505", None),
        ("42P01", None),
    ],
)  # fmt: skip
def test_what_postgresql_says_is_known(state: str, code: str | None) -> None:
    original: Any = type("Error", (Exception,), {"sqlstate": state})()
    assert code_of(DBAPIError("select", {}, original)) == code


def test_a_postgresql_that_is_away_is_known() -> None:
    engine = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(OperationalError) as error, engine.connect():
        pass
    assert code_of(error.value) == "database_busy"


def test_a_full_disk_answers_507_and_leaves_nothing_half_kept(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = app.test_client()
    kept = post(client).json["id"]

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        answer = post(client, encoded(draw_photo(1)))
        assert (answer.status_code, answer.json["code"]) == (507, "disk_full")
        assert client.get(f"{URL}/{kept}/photo").status_code == 200
    files = [path for path in captions_of(app).photos.folder.rglob("*") if path.is_file()]
    assert len(files) == 2, "the photo and the thumbnail of the first"
    assert len(client.get(URL).json["captions"]) == 1
    assert post(client, encoded(draw_photo(1))).status_code == 201


def test_a_locked_database_answers_503_with_retry_after(app: Flask) -> None:
    client, engine = app.test_client(), captions_of(app).library.engine
    id = post(client).json["id"]
    with engine.connect() as holder:
        holder.exec_driver_sql("UPDATE captions SET rating = rating")
        answer = client.patch(f"{URL}/{id}", json={"rating": "good"})
        assert (answer.status_code, answer.json["code"]) == (503, "database_busy")
        assert int(answer.headers["Retry-After"]) >= 1
        holder.rollback()
    assert client.patch(f"{URL}/{id}", json={"rating": "good"}).status_code == 200


def locked() -> OperationalError:
    original = sqlite3.OperationalError("database is locked")
    original.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return OperationalError("update", {}, original)


@pytest.mark.parametrize("question", ["start", "finish", "get"])
def test_a_caption_waits_for_a_database_that_is_away(
    app: Flask, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    library: Any = captions_of(app).library
    usual, left = getattr(library, question), [locked(), locked()]

    def away(*given: Any) -> Any:
        if left and threading.current_thread().name in ("look", "write"):
            raise left.pop()
        return usual(*given)

    monkeypatch.setattr(library, question, away)
    answer = post(app.test_client(), headers={"Prefer": "respond-async"})
    place = answer.headers["Location"]
    until(lambda: captions_of(app).scheduler.depth() == 0)
    assert app.test_client().get(place).json["status"] == "done"
    assert left == []


def test_a_database_that_stays_away_ends_no_lane(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client, library = app.test_client(), captions_of(app).library

    def away(_: str) -> int:
        raise locked()

    monkeypatch.setattr(faults, "WAITS", ())
    with monkeypatch.context() as patch:
        patch.setattr(library, "start", away)
        answer = post(client)
        assert (answer.status_code, answer.json["code"]) == (503, "database_busy")
        assert int(answer.headers["Retry-After"]) >= 1
    assert post(client).status_code == 201
