"""Errors of models. Their text tells the user what is wrong and what to do."""

from __future__ import annotations


class ModelError(Exception):
    """The base class."""


class CatalogueError(ModelError):
    """A catalogue cannot be read, or contradicts itself."""


class UnknownModelError(ModelError):
    """The catalogue has no model of this name."""


class NotInstalledError(ModelError):
    """The model is in the catalogue, but not on this machine, or in an older revision."""


class IncompleteModelError(ModelError):
    """A folder lacks files of its kind of model, or its kind cannot be detected."""


class DownloadError(ModelError):
    """A source cannot be reached, or does not have the file."""


class ChecksumError(ModelError):
    """A file differs from the catalogue, or from the manifest written at install."""


class UnverifiedError(ModelError):
    """No checksum is known for a file, and the caller does not accept that."""


class ArchiveError(ModelError):
    """An archive is damaged, or lacks a file."""


class UnsafeArchiveError(ArchiveError):
    """An archive member would be written outside its folder, or is not a plain file."""


class RecipeError(ModelError):
    """A recipe cannot convert the fetched files."""


class StorageError(ModelError):
    """The store's folder cannot be written: full, no permission, or read-only."""
