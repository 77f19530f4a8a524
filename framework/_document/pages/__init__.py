"""The controllers that serve the documents and the documentation pages."""
