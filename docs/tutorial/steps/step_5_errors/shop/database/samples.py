"""Sample products for an empty database."""

PRODUCTS = [
    {"sku": "MUG-1", "name": "Coffee mug", "price_cents": 1250, "stock": 100},
    {"sku": "TEA-250", "name": "Green tea, 250 g", "price_cents": 890, "stock": 40},
    {"sku": "POT-1", "name": "Teapot", "price_cents": 3900, "stock": 3},
]
