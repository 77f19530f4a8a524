"""The tables of the jobs."""

from collections.abc import Sequence

from alembic import op

from framework.job_store import create_tables, drop_tables

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Change the tables."""
    create_tables(op.get_bind())


def downgrade() -> None:
    """Change them back."""
    drop_tables(op.get_bind())
