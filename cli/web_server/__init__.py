"""The web server's worker process: sockets wait in one poller, and threads get whole requests."""
