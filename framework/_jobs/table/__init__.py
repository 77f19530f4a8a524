"""The engine that stores jobs in a table of the application's own database."""
