"""Web sockets: the handshake, typed messages on one connection, and the end of all connections."""
