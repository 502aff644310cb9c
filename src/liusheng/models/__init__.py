"""The catalogue of models, and the store that fetches, checks and opens them."""
