"""A small shop: products and orders over SQLAlchemy. Copy it, rename it, and grow your own application from it."""
