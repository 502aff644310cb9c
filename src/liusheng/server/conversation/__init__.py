"""The language model behind conversations."""
