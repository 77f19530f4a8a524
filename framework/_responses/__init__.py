"""Return annotation -> status, media type and encoder; the response classes; problems."""
