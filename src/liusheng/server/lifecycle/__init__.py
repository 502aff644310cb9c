"""The life of a server process: signals, drain, reload, supervision."""
