"""Who is present: connections that are tracked in every process, on every engine."""
