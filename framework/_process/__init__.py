"""One process that serves an application: from its sockets to its end."""
