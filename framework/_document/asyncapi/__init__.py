"""The AsyncAPI 3.0 document: web sockets and event streams."""
