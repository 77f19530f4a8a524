"""A small shop: products and orders over SQLAlchemy. Copy and rename it to start your own application."""
