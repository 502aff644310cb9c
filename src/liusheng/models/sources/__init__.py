"""One module for each kind of part in the catalogue.

Each has a function `fetch`, which puts a part's members into a folder and reuses what an
interrupted attempt has left in the folder for downloads.
"""
