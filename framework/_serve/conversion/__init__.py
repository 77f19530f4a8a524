"""Converts a result to the type of its annotation before it is encoded."""
