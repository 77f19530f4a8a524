"""Where each argument comes from, how it is decoded, and every fault of a request."""
