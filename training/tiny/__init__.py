"""Makes a tiny streaming model, from nothing: README.md says how."""
