"""One application per framework, each answering the same workloads in the way its own documentation recommends."""
