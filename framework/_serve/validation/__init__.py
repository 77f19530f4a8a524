"""Finds every validation error of a value that msgspec has rejected."""
