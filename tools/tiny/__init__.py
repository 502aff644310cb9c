"""Makes the model `tiny`, from nothing to what is shipped: docs/tiny.md says how."""
