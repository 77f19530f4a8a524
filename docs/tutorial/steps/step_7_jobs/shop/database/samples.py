"""Sample products and accounts for an empty database."""

from shop.accounts.role import Role

# The password of both accounts is "only for development".
HASH = "$argon2id$v=19$m=19456,t=2,p=1$0xeLbPLQNDpBhikaoYfkug$8p0jPJVxFseAA2xkYBSDtHf0MUWRPeIhs03gNwwrQ8k"

ACCOUNTS = [
    {"name": "Ada", "email": "ada@shop.example", "password_hash": HASH, "role": Role.CUSTOMER},
    {"name": "Sam", "email": "sam@shop.example", "password_hash": HASH, "role": Role.STAFF},
]
PRODUCTS = [
    {"sku": "MUG-1", "name": "Coffee mug", "price_cents": 1250, "stock": 100},
    {"sku": "TEA-250", "name": "Green tea, 250 g", "price_cents": 890, "stock": 40},
    {"sku": "POT-1", "name": "Teapot", "price_cents": 3900, "stock": 3},
]
