"""Models as data: the catalogue, and the store that fetches, checks and opens them."""
