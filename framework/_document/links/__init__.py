"""Links, callbacks and webhooks: references to other operations, checked against the OpenAPI document."""
