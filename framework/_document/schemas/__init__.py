"""JSON Schemas of types, as components of a document."""
