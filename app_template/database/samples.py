"""Sample products and accounts for an empty database, in development."""

from app_template.accounts.role import Role

__all__ = ("ACCOUNTS", "PRODUCTS")

# The password of both accounts is "only for development".
_HASH = "$argon2id$v=19$m=19456,t=2,p=1$0xeLbPLQNDpBhikaoYfkug$8p0jPJVxFseAA2xkYBSDtHf0MUWRPeIhs03gNwwrQ8k"

ACCOUNTS = [
    {"name": name, "email": email, "password_hash": _HASH, "role": role, "confirmed": True}
    for name, email, role in (
        ("Ada", "ada@shop.example", Role.CUSTOMER),
        ("Sam", "sam@shop.example", Role.STAFF),
    )
]
PRODUCTS = [
    {"sku": "MUG-1", "name": "Coffee mug", "price_cents": 1250, "stock": 100},
    {"sku": "TEA-250", "name": "Green tea, 250 g", "price_cents": 890, "stock": 40},
    {"sku": "POT-1", "name": "Teapot", "price_cents": 3900, "stock": 3},
]
