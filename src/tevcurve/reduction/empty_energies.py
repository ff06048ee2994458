"""Energies at which a response is empty at the source, among those that are safe."""

import numpy as np

from tevcurve.problems import at_stage, remark


def remark_empty_energies(observation, psf, edisp, offset):
    """Notes responses that are empty at safe energies at which there is an effective area, or should be.

    Parameters
    ----------
    observation : `Observation`
    psf : `~tevcurve.irf.source_psf.SourcePSF` at the source, or None
    edisp : `EnergyDispersion2D` around the offset of the source
    offset : float, radian, from the pointing to the source
    """
    aeff = observation.aeff
    nodes = aeff.energy_axis.nodes
    place = aeff.offset_axis.locate(offset)
    # Nothing is below 0; sums are quicker than a search for what is not 0.
    some_area = aeff.table.values[:, int(place.lower) : int(place.upper) + 1].sum(axis=1) > 0
    filled = np.flatnonzero(some_area)
    if not len(filled) or not place.inside:
        return
    low, high = (None if one is None else one.value for one in (aeff.low_threshold, aeff.high_threshold))
    low, high = max(low or 0.0, nodes[filled[0]]), min(high or np.inf, nodes[filled[-1]])
    responses = [("aeff", aeff.table.where, nodes, some_area)]
    if psf is not None:
        responses.append(("psf", observation.psf.table.where, psf.energies_tev, ~psf.is_empty))
    some = edisp.table.values.reshape(len(edisp.energy_axis.nodes), -1).sum(axis=1) > 0
    responses.append(("edisp", edisp.table.where, edisp.energy_axis.nodes, some))
    for stage, where, energies, is_filled in responses:
        empty = energies[~is_filled & (energies >= low) & (energies <= high)]
        if len(empty):
            with at_stage(stage):
                remark(
                    f"{where} is empty at {len(empty)} of its energies, {empty[0]:.3g} to {empty[-1]:.3g} TeV, at "
                    f"{np.rad2deg(offset):.2f} deg off the pointing, inside the safe energies; fluxes may be too high "
                    "by what is missing."
                )
