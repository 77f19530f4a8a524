"""Makes the OpenAPI and AsyncAPI documents from the plan."""
