"""Models from one machine of the cluster to another."""
