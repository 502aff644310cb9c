"""Models as data: the catalogue, and the store that fetches, checks and opens them."""

from .catalogue import Catalogue, Model
from .errors import (
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
from .progress import Listener, Progress, Stage
from .store import Status, Store, default_home
from .types import InstalledModel, Kind, Task

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
