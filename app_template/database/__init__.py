"""The database: its tables' common base, the engine of the process, the session of a request."""
