"""``framework dev``: a server that reloads the app when its files change.

Three kinds of processes: the *supervisor* holds the sockets, watches files and prints; the *warm* process has imported
the installed packages, and is forked for each reload; each fork, a *child*, imports the app and serves it. Only when a
child is ready does the child before it stop.
"""
