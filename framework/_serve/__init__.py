"""Everything that runs while requests are served: from the connection to the response."""
