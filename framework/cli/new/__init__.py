"""``framework new``: makes a project in a new folder."""
