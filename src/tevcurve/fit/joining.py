"""From datasets of one kind or the other to their joint fit."""

from tevcurve.datasets import MapDataset, SpectrumDatasetOnOff
from tevcurve.errors import InputError
from tevcurve.fit.background_rule import BackgroundRule
from tevcurve.fit.joint_cash import join_cubes
from tevcurve.fit.joint_onoff import join_spectra


def joint_fit(members, n_bins, reoptimize, negative, background=None):
    """The `JointFit` of datasets.

    Parameters
    ----------
    members : list of `Member`, sorted by bin, all of one kind of dataset
    n_bins : int
    reoptimize : bool, whether the other free parameters are fitted with the source's norm
    negative : bool, whether fluxes may go below zero
    background : `BackgroundRule`; default: free

    Raises `InputError` for a mixture of kinds, and for sources that their names do not tell apart.
    """
    background = background or BackgroundRule()
    kinds = {type(member.dataset) for member in members}
    if kinds == {MapDataset}:
        background.check_cubes(reoptimize)
        return join_cubes(members, n_bins, reoptimize, negative, background.error)
    if kinds == {SpectrumDatasetOnOff}:
        return join_spectra(members, n_bins, background)
    names = ", ".join(sorted(kind.__name__ for kind in kinds))
    raise InputError(
        f"The datasets are of the kind {names}; wanted are all MapDataset or all SpectrumDatasetOnOff."
    )
