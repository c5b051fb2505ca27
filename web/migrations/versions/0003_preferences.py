"""What people prefer, what was learnt from them, and photos that are not to be kept."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0001"


def upgrade() -> None:
    """Make both tables, and note for each photo whether it is kept."""
    time = sa.DateTime(timezone=True)
    op.create_table(
        "preferences",
        sa.Column("owner", sa.String, primary_key=True),
        sa.Column("stated", sa.JSON, nullable=False),
        sa.Column("updated_at", time, nullable=False),
    )
    op.create_table(
        "learnt",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("caption_id", sa.String, nullable=False, unique=True),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("liked", sa.Boolean, nullable=False),
        sa.Column("literal", sa.String, nullable=False),
        sa.Column("mood", sa.String, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("before", sa.String),
        sa.Column("created_at", time, nullable=False),
        sa.Index("ix_learnt_owner_created_at", "owner", "created_at"),
    )
    op.add_column("photos", sa.Column("kept", sa.Boolean, nullable=False, server_default=sa.true()))


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("photos") as photos:
        photos.drop_column("kept")
    op.drop_table("learnt")
    op.drop_table("preferences")
