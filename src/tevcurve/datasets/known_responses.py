"""The responses of a `MapDataset` at the last few places of its models, which a fit asks for again and again."""

from dataclasses import dataclass

import numpy as np

from tevcurve.datasets.cube_parts import CubeParts
from tevcurve.datasets.source_response import CountsResponse, SourceResponse, source_response
from tevcurve.models.sky import SkyModel

# A fit of a position looks at two places on each side of the one where it is, and comes back.
MOVES_KEPT = 4


@dataclass
class _Known:
    """A response, and its values at the counts for which they were last asked for, if they were.

    cell, mask : what those values are of, see `SourceResponse.at_counts`
    """

    response: SourceResponse
    cell: np.ndarray | None = None
    mask: np.ndarray | None = None
    at_counts: CountsResponse | None = None


class KnownResponses:
    """What a dataset knows of the responses to its models: those to the places where these were last.

    All are forgotten when the dataset gets another exposure, PSF, energy dispersion or other runs.
    """

    def __init__(self) -> None:
        self._parts: tuple = ()
        self._known: dict[tuple, _Known] = {}

    def response(self, dataset: CubeParts, model: SkyModel) -> SourceResponse:
        """The `SourceResponse` to a model.

        Parameters
        ----------
        dataset : `MapDataset`
        model : `SkyModel`
        """
        return self._of(dataset, model).response

    def at_counts(
        self, dataset: CubeParts, model: SkyModel, cell: np.ndarray, mask: np.ndarray | None
    ) -> CountsResponse:
        """The `CountsResponse` to a model.

        Parameters
        ----------
        dataset : `MapDataset`
        model : `SkyModel`
        cell, mask : as in `SourceResponse.at_counts`
        """
        known = self._of(dataset, model)
        same = known.cell is not None and known.mask is mask and np.array_equal(known.cell, cell)
        if known.at_counts is None or not same:
            known.cell, known.mask = cell, mask
            known.at_counts = known.response.at_counts(cell, mask)
        return known.at_counts

    def _of(self, dataset: CubeParts, model: SkyModel) -> _Known:
        parts = dataset.exposure, dataset.psf, dataset.edisp, dataset.counts.origin
        if len(parts) != len(self._parts) or any(
            part is not known for part, known in zip(parts, self._parts, strict=True)
        ):
            self._parts, self._known = parts, {}
        shape = () if model.spatial_model is None else tuple(p.value for p in model.spatial_model.parameters)
        key = (type(model.spatial_model), getattr(model.spatial_model, "frame", None), shape)
        # Taken out and put back at the end: the first is the one that was not needed for the longest time.
        known = self._known.pop(key, None)
        self._known[key] = _Known(source_response(dataset, model)) if known is None else known
        while len(self._known) > MOVES_KEPT + len(dataset.models):
            del self._known[next(iter(self._known))]
        return self._known[key]

    def __len__(self) -> int:
        return len(self._known)
