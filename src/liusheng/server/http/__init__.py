"""What is served over plain HTTP: one module for each door, and what doors have in common."""
