"""What tests share: fakes for worker processes, and generators of models."""
