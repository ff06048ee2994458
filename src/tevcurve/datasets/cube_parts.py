"""What of a `MapDataset` responses to sources are made of."""

from typing import Any, Protocol


class CubeParts(Protocol):
    """Maps of a cube and its responses, as `~tevcurve.datasets.map_dataset.MapDataset` has them.

    Attributes
    ----------
    exposure : `WcsNDMap` in cm2 s, or None
    psf : `PSFKernel`, `EnergyDependentTablePSF`, or None
    edisp : `EDispKernel`, or None
    counts : `WcsNDMap`, which knows of what it was made (`origin`)
    runs : tuple of `ReducedCube`, of which it was made
    models : sequence of `SkyModel`
    """

    exposure: Any
    psf: Any
    edisp: Any
    counts: Any

    @property
    def runs(self) -> Any: ...

    @property
    def models(self) -> Any: ...
