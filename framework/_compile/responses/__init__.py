"""Decides by the return annotation how a result becomes a response."""
