"""The table of accounts."""

from sqlalchemy import Enum, String
from sqlalchemy.orm import Mapped, mapped_column

from shop.accounts.role import Role
from shop.database.base import Base


class AccountRow(Base):
    """A stored account."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(Enum(Role, native_enum=False, length=20), default=Role.CUSTOMER)
