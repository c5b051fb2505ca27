"""What goes over the wire about accounts."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from models import Record

from .database import UserRow
from .records import Text

Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x20\x7f-\xa0]+( [^\x00-\x20\x7f-\xa0]+)*$")]
"""One or more words."""
SHORTEST = 10
Password = Annotated[str, Field(min_length=1, max_length=1000)]
NewPassword = Annotated[str, Field(min_length=SHORTEST, max_length=1000)]
Scope = Literal["read", "write"]
Event = Literal[
    "sign_in", "sign_in_failed", "sign_out", "password_changed", "token_created", "token_used", "token_revoked"
]


def _moment(value: Any) -> Any:
    """JSON has no moments: they come as text, in the form of RFC 3339 with its offset."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _with_offset(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("say the offset, such as Z")
    return value.astimezone(UTC)


Moment = Annotated[datetime, BeforeValidator(_moment), AfterValidator(_with_offset)]


class Credentials(BaseModel):
    """Who somebody says to be, and what proves it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name = Field(description="The account's name; small letters and capitals are the same.")
    password: Password


class Registration(Credentials):
    """A new account."""

    password: NewPassword = Field(description="At least 10 characters of any kind, and no password that many have.")


class PasswordChange(BaseModel):
    """A new password."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    current: Password
    new: NewPassword = Field(description="At least 10 characters of any kind, and no password that many have.")


class PasswordProof(BaseModel):
    """The password, as a proof that it is you."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    password: Password


class UserRecord(Record):
    """Somebody with an account."""

    id: str
    name: str
    admin: bool
    created_at: datetime


def user_record(row: UserRow) -> UserRecord:
    """An account as its owner sees it."""
    return UserRecord.model_validate({name: getattr(row, name) for name in UserRecord.model_fields})


class SessionRecord(Record):
    """Whether people sign in here, and who is signed in."""

    accounts: bool = Field(description="Whether people sign in here.")
    registration: bool = Field(description="Whether anybody may register.")
    user: UserRecord | None
    csrf_token: str | None = Field(description="Changes that are asked for by cookie carry it as `X-CSRF-Token`.")


class AuditEvent(Record):
    """Something that happened to the account."""

    at: datetime
    event: Event
    address: str = Field(description="Where it was asked for: an address, or `shell` for the server's own.")
    detail: str | None = Field(description="The token's name, where it is about one.")


class AuditList(Record):
    """What happened to the account of late."""

    events: tuple[AuditEvent, ...] = Field(description="Newest first.")


class TokenWish(BaseModel):
    """An access token to be made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[Text, Field(min_length=1, max_length=60)] = Field(description="What it is for.")
    scope: Scope = Field(description="Whether it may change anything.")
    expires_at: Moment | None = Field(default=None, description="When it ends; null for never.")


class TokenRecord(Record):
    """An access token, without its value."""

    id: str
    name: str
    scope: Scope
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class NewToken(TokenRecord):
    """A new access token."""

    token: str = Field(description="The token itself. It is shown this once.")


class TokenList(Record):
    """A person's access tokens."""

    tokens: tuple[TokenRecord, ...] = Field(description="Newest first.")


class Usage(Record):
    """What somebody has had of what they may have; null where there is no limit."""

    captions_today: int
    captions_per_day: int | None
    photo_bytes: int
    photo_bytes_limit: int | None
