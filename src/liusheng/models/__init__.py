"""Models as data: the catalogue, and the store that fetches, checks and opens them."""

from liusheng.models.catalogue import Catalogue, Model
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
from liusheng.models.progress import Listener, Progress, Stage
from liusheng.models.store import Status, Store, default_home
from liusheng.models.types import InstalledModel, Kind, Task

__all__ = [
    "ArchiveError",
    "Catalogue",
    "CatalogueError",
    "ChecksumError",
    "DownloadError",
    "IncompleteModelError",
    "InstalledModel",
    "Kind",
    "Listener",
    "Model",
    "ModelError",
    "NotInstalledError",
    "Progress",
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
