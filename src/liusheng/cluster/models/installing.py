"""Having a replica's models on its machine."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from liusheng.cluster.models.objects import ClusterModels
from liusheng.models.catalogue import CatalogueModel
from liusheng.models.errors import ModelError
from liusheng.models.store import Store

_log = logging.getLogger(__name__)

_POLL_SECONDS = 1.0

_POLLS = 10
"""For how many polls a machine that cannot get a model waits for another one to begin."""


def install(
    store: Store,
    names: Sequence[str],
    cluster: ClusterModels | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Have models on this machine: from a shared folder, from the cluster, or from their sources.

    Replicas of one machine share the store's folder. With `cluster`, one machine downloads a model,
    and the others wait for it and copy it.

    names: of the catalogue; folders of users are left alone.

    Raises:
        ModelError: see `Store.pull`.
    """
    for name in names:
        if store.names_folder(name):
            continue
        model = store.catalogue[name]
        if cluster is None or model.installed_part:
            store.pull(name)
        else:
            _Installing(store, model, cluster, sleep).run()


class _Installing:
    def __init__(
        self,
        store: Store,
        model: CatalogueModel,
        cluster: ClusterModels,
        sleep: Callable[[float], None],
    ) -> None:
        self._store = store
        self._with_cluster = Store(
            store.home, store.catalogue, store.mirror, (*store.shared, cluster)
        )
        self._model = model
        self._cluster = cluster
        self._sleep = sleep

    def run(self) -> None:
        try:
            self._run()
        except ModelError:
            raise
        except Exception:
            _log.exception("%s cannot be used; %s is installed without it", *self._names)
            self._store.pull(self._model.name)

    def _run(self) -> None:
        failure: ModelError | None = None
        polls = 0
        while True:
            there = self._cluster.has(self._model)
            if there or self._store.is_installed(self._model.name):
                self._with_cluster.pull(self._model.name)
                if not there:
                    self._offer()
                return
            if failure is None and self._cluster.claim(self._model):
                try:
                    self._store.pull(self._model.name)
                    self._put()
                    return
                except ModelError as error:
                    failure = error
                finally:
                    self._cluster.release(self._model)
            polls = 0 if self._cluster.is_claimed(self._model) else polls + 1
            if failure and polls > _POLLS:
                raise failure
            self._sleep(_POLL_SECONDS)

    def _offer(self) -> None:
        if self._cluster.claim(self._model):
            try:
                self._put()
            finally:
                self._cluster.release(self._model)

    def _put(self) -> None:
        self._cluster.offer(self._store, self._model.name)
        _log.info("%s has the model %s", *self._names)

    @property
    def _names(self) -> tuple[str, str]:
        return self._cluster.name, self._model.name
