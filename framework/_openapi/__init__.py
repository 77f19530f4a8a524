"""The OpenAPI 3.1 document, read from the plan: types to schemas, routes to operations, and the page that shows it."""
