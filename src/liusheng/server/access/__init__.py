"""Who may use the server: keys, origins and hosts, TLS."""
