"""Reads parameters, bodies, forms and uploads of a request."""
