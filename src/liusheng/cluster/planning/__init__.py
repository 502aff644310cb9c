"""From measured figures to the size of a cluster."""
