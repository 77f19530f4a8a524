"""The OpenAPI 3.1 document: one operation for each planned route."""
