"""The database: the base class of the tables, the engine of the process, the session of a request."""
