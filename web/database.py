"""The tables, and the engine behind them: an SQLite file with WAL, or PostgreSQL by its URL."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Connection, DateTime, Engine, ForeignKey, Index, create_engine, event, inspect, text
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from chains import RequestError

FILE = "moodcap.db"
MIGRATIONS = Path(__file__).parent / "migrations"


class UtcTime(TypeDecorator[datetime]):
    """Moments with their time zone, UTC; SQLite would forget it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.replace(tzinfo=value.tzinfo or UTC)


class Base(DeclarativeBase):
    type_annotation_map = {dict[str, Any]: JSON(none_as_null=True), datetime: UtcTime}  # noqa: RUF012


class PhotoRow(Base):
    """A photo; `seen` is what the models saw in it, so that nobody need look again.

    The files of one that is not `kept` go once its captions are done; its size is 0 then.
    """

    __tablename__ = "photos"

    id: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(default="local", server_default="local", index=True)
    digest: Mapped[str] = mapped_column(index=True)
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int]
    seen: Mapped[dict[str, Any] | None]
    kept: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class CaptionRow(Base):
    """A caption asked for: queued, running, done or failed. `accepted` ones (202) are finished after a restart."""

    __tablename__ = "captions"
    __table_args__ = (
        Index("ix_captions_photo_number", "photo_id", "number"),
        Index("ix_captions_status", "status"),
        Index("ix_captions_owner_number", "owner", "number"),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(unique=True)
    owner: Mapped[str] = mapped_column(default="local", server_default="local")
    photo_id: Mapped[str] = mapped_column(ForeignKey("photos.id"))
    rewrite_of: Mapped[str | None]
    accepted: Mapped[bool]
    status: Mapped[str] = mapped_column(default="queued")
    attempts: Mapped[int] = mapped_column(default=0)
    request: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    mood: Mapped[str | None] = mapped_column(index=True)
    literal: Mapped[str | None]
    text: Mapped[str | None]
    edited_text: Mapped[str | None]
    rating: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    photo: Mapped[PhotoRow] = relationship(lazy="joined")


class PreferencesRow(Base):
    """What a person states that they prefer."""

    __tablename__ = "preferences"

    owner: Mapped[str] = mapped_column(primary_key=True)
    stated: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime]


class LearntRow(Base):
    """What a person has shown by editing or rating a caption; `before` is their edit's other side."""

    __tablename__ = "learnt"
    __table_args__ = (Index("ix_learnt_owner_created_at", "owner", "created_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    caption_id: Mapped[str] = mapped_column(unique=True)
    source: Mapped[str]
    liked: Mapped[bool]
    literal: Mapped[str]
    mood: Mapped[str]
    text: Mapped[str]
    before: Mapped[str | None]
    created_at: Mapped[datetime]


class UserRow(Base):
    """Somebody with an account; `key` is the name as it is looked up, `password` an Argon2id hash."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    password: Mapped[str]
    admin: Mapped[bool]
    created_at: Mapped[datetime]


class SessionRow(Base):
    """Somebody signed in; of the cookie's value only the hash is kept."""

    __tablename__ = "sessions"

    hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class TokenRow(Base):
    """A personal access token; of its value only the hash is kept."""

    __tablename__ = "tokens"

    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    scope: Mapped[str]
    hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class AuditRow(Base):
    """Something that happened to an account."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_owner_number", "owner", "number"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    owner: Mapped[str]
    at: Mapped[datetime]
    event: Mapped[str]
    address: Mapped[str]
    detail: Mapped[str | None]


class UsageRow(Base):
    """How many captions somebody has asked for in a day (UTC)."""

    __tablename__ = "usage"

    owner: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[str] = mapped_column(primary_key=True)
    captions: Mapped[int]


OWNED: tuple[Any, ...] = (CaptionRow, PhotoRow, PreferencesRow, LearntRow, AuditRow, UsageRow)
"""Every table whose rows belong to an `owner`. They go with an account, and no request meets those of another."""


def connect(url: str, data: Path) -> Engine:
    """The engine of a database URL, or of the SQLite file in the data folder; its tables brought up to date.

    Raises:
        RequestError: the URL is none, or names a database whose driver is not installed, that cannot be reached, that
            is none, or that a newer Moodcap made.
    """
    try:
        engine = create_engine(_with_driver(url or f"sqlite:///{data / FILE}"), pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise RequestError(
            "MOODCAP_DATABASE cannot be used: it is no database URL, or its driver is missing "
            "(for PostgreSQL: pip install 'moodcap[postgresql]')."
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _tune_sqlite)
    try:
        migrate(engine)
    except (SQLAlchemyError, sqlite3.Error) as error:
        engine.dispose()
        raise _unusable(str(getattr(error, "orig", None) or error)) from error
    return engine


def _unusable(why: str) -> RequestError:
    said = why.strip().partition("\n")[0].removesuffix(".")
    return RequestError(f"The database cannot be used: {said}. MOODCAP_DATABASE names another.")


def migrate(engine: Engine) -> None:
    """Bring the tables to the newest revision; Alembic, which takes long to import, only where they are not there.

    Raises:
        RequestError: they are of a revision that is not known here.
    """
    with engine.begin() as connection:
        if _revision(connection) == newest():
            return
        from alembic import command
        from alembic.config import Config
        from alembic.util import CommandError

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes.update(connection=connection, metadata=Base.metadata)
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise _unusable("a newer Moodcap made it") from error


def newest() -> str:
    """The newest revision, by which its file's name begins."""
    return max(file.name for file in (MIGRATIONS / "versions").glob("[0-9]*.py")).partition("_")[0]


def _revision(connection: Connection) -> str | None:
    there = inspect(connection).has_table("alembic_version")
    return connection.scalar(text("SELECT version_num FROM alembic_version")) if there else None


def _with_driver(url: str) -> Any:
    parsed = make_url(url)
    plain = parsed.drivername in ("postgresql", "postgres")
    return parsed.set(drivername="postgresql+psycopg") if plain else parsed


def _tune_sqlite(connection: Any, _: Any) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
