"""Photos and their captions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make both tables."""
    time = sa.DateTime(timezone=True)
    op.create_table(
        "photos",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("digest", sa.String, nullable=False, index=True),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("seen", sa.JSON),
        sa.Column("created_at", time, nullable=False),
    )
    op.create_table(
        "captions",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String, nullable=False, unique=True),
        sa.Column("photo_id", sa.String, sa.ForeignKey("photos.id"), nullable=False),
        sa.Column("rewrite_of", sa.String),
        sa.Column("accepted", sa.Boolean, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("result", sa.JSON),
        sa.Column("error", sa.JSON),
        sa.Column("mood", sa.String, index=True),
        sa.Column("literal", sa.String),
        sa.Column("text", sa.String),
        sa.Column("edited_text", sa.String),
        sa.Column("rating", sa.String),
        sa.Column("created_at", time, nullable=False),
        sa.Column("updated_at", time, nullable=False),
        sa.Index("ix_captions_photo_number", "photo_id", "number"),
        sa.Index("ix_captions_status", "status"),
    )


def downgrade() -> None:
    """Drop both."""
    op.drop_table("captions")
    op.drop_table("photos")
