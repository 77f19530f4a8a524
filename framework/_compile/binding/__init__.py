"""Decides which part of a request each argument is read from."""
