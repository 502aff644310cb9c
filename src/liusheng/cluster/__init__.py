"""More than one machine: how many are needed, and how they behave together."""
