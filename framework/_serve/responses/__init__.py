"""The response classes, their headers and encoders, and problems (RFC 9457)."""
