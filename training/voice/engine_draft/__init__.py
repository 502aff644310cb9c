"""A draft of the voice as Liusheng's router takes it, to be moved into the package."""
