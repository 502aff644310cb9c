"""Liusheng (流声): a streaming speech server, and its client."""

from liusheng._version import __version__

__all__ = ["__version__"]
