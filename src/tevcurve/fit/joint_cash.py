"""Cubes of all bins put together: one block per dataset, a background norm in each that is free."""

import numpy as np

from tevcurve.datasets.cash_blocks import join_blocks
from tevcurve.errors import InputError
from tevcurve.fit.joint import JointFit
from tevcurve.kernels.poisson import CashProfile


class JointCash(JointFit):
    """Bins of `MapDataset`s as a `CashProfile`; `blocks` has one `CashBlock` per member."""

    method = "3d"

    def __init__(self, profile, fitted, members, n_bins, blocks):
        super().__init__(profile, fitted, members, n_bins)
        self.blocks = blocks

    def count_columns(self, norm):
        """Counts in the fit, and predicted counts of the source and of everything."""
        signal = self.per_bin([block.shared_total[0] for block in self.blocks]) * norm
        norms, extras = self.profile.copy().nuisance(norm[self.fitted])
        terms = self.profile.terms
        other = norms * terms.background_total + terms.constant_total
        other += (extras[terms.block_bin] * terms.shared_total[:, 1:]).sum(axis=1)
        others = self.spread(np.bincount(terms.block_bin, other, terms.n_bins))
        return {
            "counts": self.per_bin([block.counts for block in self.blocks]),
            "npred": signal + others,
            "npred_excess": signal,
        }

    def notes(self):
        """Events where the background had to be raised from zero, and events that nothing predicts."""
        notes = [[] for _ in range(self.n_bins)]
        for number, block in zip(self.member_bins, self.blocks, strict=True):
            if block.n_floored:
                notes[number].append(
                    f"{block.n_floored} events where the background is empty, raised to a floor"
                )
            if block.n_unpredicted:
                notes[number].append(f"{block.n_unpredicted} events left out where nothing is predicted")
        return ["; ".join(words) for words in notes]


def join_cubes(members, n_bins, reoptimize, negative):
    """The `JointCash` of members; see `tevcurve.fit.joint.joint_fit`."""
    further = _further_sources(members, n_bins, reoptimize)
    n_shared = 1 + max(len(names) for names in further)
    blocks = []
    for member in members:
        dataset, names = member.dataset, further[member.bin]
        own = [model for model in dataset.models if model is not member.model and _name(model) in names]
        block = dataset.cash_block(member.model, own, floor=negative)
        background = dataset.background_model
        if background is None or background.norm.frozen or not reoptimize:
            block = block.with_fixed_background()
        blocks.append(block.with_columns([0, *(1 + names.index(_name(model)) for model in own)], n_shared))
    signal = np.bincount(
        [member.bin for member in members], [block.shared_total[0] for block in blocks], n_bins
    )
    fitted = np.flatnonzero(signal > 0)
    number = np.full(n_bins, -1)
    number[fitted] = np.arange(len(fitted))
    used = [k for k, member in enumerate(members) if number[member.bin] >= 0]
    terms = join_blocks(
        [blocks[k] for k in used], [number[members[k].bin] for k in used], len(fitted), n_shared
    )
    return JointCash(CashProfile(terms), fitted, members, n_bins, blocks)


def _name(model):
    return model.name or model.spectral_model.name


def _further_sources(members, n_bins, reoptimize):
    """Names of the further sources with an amplitude to fit, a list for each bin.

    Raises `InputError` where anything else than norms is left free, which a light curve cannot refit.
    """
    names = [[] for _ in range(n_bins)]
    if not reoptimize:
        return names
    for member in members:
        for model in member.dataset.models:
            amplitude = model.spectral_model.amplitude_name
            kept = model.spectral_model.parameters.names if model is member.model else [amplitude]
            free = [parameter.name for parameter in model.parameters if not parameter.frozen]
            _refuse(_name(model), [name for name in free if name not in kept])
            if model is not member.model and amplitude in free and _name(model) not in names[member.bin]:
                names[member.bin].append(_name(model))
        background = member.dataset.background_model
        if background is not None:
            free = [parameter.name for parameter in background.parameters if not parameter.frozen]
            _refuse(background.name, [name for name in free if name != "norm"])
    return names


def _refuse(model_name, free):
    if free:
        raise InputError(
            f"The model {model_name!r} has {', '.join(free)} free, and a light curve refits norms only: "
            "freeze it, or find its value with Fit first."
        )
