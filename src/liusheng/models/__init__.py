"""The catalogue of models, and the store that fetches, checks and opens them."""

from liusheng.models.catalogue import Catalogue, CatalogueModel
from liusheng.models.errors import (
    ArchiveError,
    CatalogueError,
    ChecksumError,
    DownloadError,
    IncompleteModelError,
    ModelError,
    NotInstalledError,
    RecipeError,
    StorageError,
    UnknownModelError,
    UnsafeArchiveError,
    UnverifiedError,
)
from liusheng.models.progress import Progress, ProgressCallback, Stage
from liusheng.models.store import Status, Store, default_home
from liusheng.models.types import InstalledModel, Kind, Task

__all__ = [
    "ArchiveError",
    "Catalogue",
    "CatalogueError",
    "CatalogueModel",
    "ChecksumError",
    "DownloadError",
    "IncompleteModelError",
    "InstalledModel",
    "Kind",
    "ModelError",
    "NotInstalledError",
    "Progress",
    "ProgressCallback",
    "RecipeError",
    "Stage",
    "Status",
    "StorageError",
    "Store",
    "Task",
    "UnknownModelError",
    "UnsafeArchiveError",
    "UnverifiedError",
    "default_home",
]
