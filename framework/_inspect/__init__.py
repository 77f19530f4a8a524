"""The only users of ``inspect`` and ``get_type_hints``; how things are named in messages."""
