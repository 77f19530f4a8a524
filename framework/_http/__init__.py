"""The grammar of the RFCs, each rule once: tokens, media types, status codes, JSON pointers."""
