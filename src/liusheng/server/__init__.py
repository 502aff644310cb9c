"""The ASGI application: sockets, HTTP, limits, logs."""
