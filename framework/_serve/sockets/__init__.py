"""Web sockets: the handshake, typed messages, and the end of all connections."""
