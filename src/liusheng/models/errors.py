"""What can go wrong with models, in words for the person who has to act on it."""

from __future__ import annotations


class ModelError(Exception):
    """The common ancestor; its text says what is wrong and what to do."""


class CatalogueError(ModelError):
    """A catalogue that cannot be read, or that contradicts itself."""


class UnknownModelError(ModelError):
    """No model of this name is in the catalogue."""


class NotInstalledError(ModelError):
    """The model is known, but is not on this machine (or only in an older form)."""


class IncompleteModelError(ModelError):
    """A folder lacks files that its kind of model needs, or its files do not tell the kind."""


class DownloadError(ModelError):
    """A source could not be reached, or did not give what it should."""


class ChecksumError(ModelError):
    """A file is not the one that the catalogue, or the manifest written at install, names."""


class UnverifiedError(ModelError):
    """No checksum is known for a file, and the caller did not accept that."""


class ArchiveError(ModelError):
    """An archive is damaged, or lacks a file that it should hold."""


class UnsafeArchiveError(ArchiveError):
    """An archive member would be written outside its folder, or is not a plain file."""


class RecipeError(ModelError):
    """A file could not be made from the files that were fetched."""


class StorageError(ModelError):
    """The store's folder cannot be written: no space, no permission, read-only."""
