"""People, their sessions and tokens, what they did, and whose everything is."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables; what is there already belongs to the owner of a server without accounts."""
    time = sa.DateTime(timezone=True)
    op.create_table(
        "users",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False, unique=True),
        sa.Column("password", sa.String, nullable=False),
        sa.Column("admin", sa.Boolean, nullable=False),
        sa.Column("created_at", time, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("hash", sa.String, primary_key=True),
        sa.Column("user_id", sa.String, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("created_at", time, nullable=False),
        sa.Column("seen_at", time, nullable=False),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("user_id", sa.String, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("scope", sa.String, nullable=False),
        sa.Column("hash", sa.String, nullable=False, unique=True),
        sa.Column("created_at", time, nullable=False),
        sa.Column("expires_at", time),
        sa.Column("last_used_at", time),
    )
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("at", time, nullable=False),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("detail", sa.String),
        sa.Index("ix_audit_owner_number", "owner", "number"),
    )
    op.create_table(
        "usage",
        sa.Column("owner", sa.String, primary_key=True),
        sa.Column("day", sa.String, primary_key=True),
        sa.Column("captions", sa.Integer, nullable=False),
    )
    op.add_column("photos", sa.Column("owner", sa.String, nullable=False, server_default="local"))
    op.create_index("ix_photos_owner", "photos", ["owner"])
    op.add_column("captions", sa.Column("owner", sa.String, nullable=False, server_default="local"))
    op.create_index("ix_captions_owner_number", "captions", ["owner", "number"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_captions_owner_number", "captions")
    op.drop_index("ix_photos_owner", "photos")
    for name in ("captions", "photos"):
        with op.batch_alter_table(name) as table:
            table.drop_column("owner")
    for name in ("usage", "audit", "tokens", "sessions", "users"):
        op.drop_table(name)
