"""One module for each place that models come from.

Each has a function `fetch`, which puts a part's members into a folder, taking what an interrupted
earlier attempt left in another one.
"""
