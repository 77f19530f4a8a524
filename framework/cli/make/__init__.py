"""``framework make``: writes a controller, a service or a test in a project, and registers it."""
