"""Events in cells, and what is expected there, to the terms of a 3D light curve, whoever the responses are from."""

import numpy as np

from tevcurve.datasets.cube_terms import CubeTerms
from tevcurve.datasets.timeline import core_timeline, power_law_flux


def terms_in_cells(
    run, events, expected, axes, bands, *, there=None, below_zero=False, compact=False, **fields
):
    """(`CubeTerms`, whether anything is predicted where each event is: bool array (n,)).

    Parameters
    ----------
    run : record with `obs_id`, `gti`, `deadc`, and `time_s` of its events
    events : `CellEvents`
    expected : `CellExpectation`
    axes : `EnergyAxes`
    bands : int array (n_reco,), the band of each reco bin, -1 for none
    there : (response (n, n_true), background (n_slices, n), floors (n_slices, n_reco)) of the events, where these are
        taken at their own energies and positions; default: those of their cells
    below_zero : bool, whether the terms are to have their `first` cells, and compact : bool, their `compact` response
    fields : of `CubeTerms`, further ones, or in place of what the cells give
    """
    reco, pixel = events.reco, events.pixel
    response, background, floors = _in_cells(expected, events) if there is None else there
    fixed, further = (
        None if each is None else each[..., reco, pixel] for each in (expected.fixed, expected.further)
    )
    sees, low = response.any(axis=1), background < floors[:, reco]
    seen = sees if fixed is None else sees | (fixed > 0)
    seen = seen if further is None else seen | further.any(axis=0)
    kept = seen | (background.max(axis=0) > 0)
    background = np.where(kept & low, floors[:, reco], background)
    if "line" not in fields:
        fields = {**fields, "line": _timeline(run, events.number[kept], pixel[kept], expected, axes)}
    own = {
        "time_s": run.time_s[events.number[kept]],
        "band": bands[reco[kept]],
        "cell": np.ravel_multi_index((reco[kept], pixel[kept]), expected.cells.shape),
        "near": np.flatnonzero(sees[kept]),
        "response": response[sees],
        "background": background[:, kept],
        "slice_edges": expected.slice_edges,
        "first": expected.first_cells() if below_zero else None,
        "compact": expected.compact() if compact else None,
        "band_of_bin": np.where(expected.in_fit, bands, -1),
        "reco_edges": axes.reco,
        "floored": np.flatnonzero((low.all(axis=0) & seen)[kept]),
        "fixed": 0.0 if fixed is None else fixed[kept],
        "further": None if further is None else further[:, kept],
        "count": None if events.count is None else events.count[kept],
        **expected.totals(bands, axes.n_bands),
    }
    return CubeTerms(obs_id=run.obs_id, gti=run.gti, deadc=run.deadc, **own | fields), kept


def _timeline(run, event, pixel, expected, axes):
    """`RunTimeline` of the events around the source, in all bands."""
    weight = power_law_flux(axes.true) * np.where(expected.in_fit, expected.dispersion, 0.0).sum(axis=1)
    image, background = np.einsum("t,tp->p", weight, expected.shares), expected.background.sum(axis=1)
    if expected.fixed is not None:
        background = background + expected.fixed.sum(axis=0) * run.deadc
    return core_timeline(run, run.time_s[event], pixel, image, background, expected.slice_edges)


def _in_cells(expected, events):
    """Response (n, n_true) and background (n_slices, n) in the cells of events, and floors (n_slices, n_reco)."""
    reco, pixel = events.reco, events.pixel
    return expected.response_at(reco, pixel), expected.background[:, reco, pixel], expected.floors()
