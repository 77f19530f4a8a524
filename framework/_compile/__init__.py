"""Reads the declarations of an app, reports every error, and creates the plan of each route."""
