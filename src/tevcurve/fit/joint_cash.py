"""Cubes of all bins put together: one block per dataset, a background norm in each that is free."""

from functools import partial

import numpy as np

from tevcurve.datasets.cash_blocks import join_blocks
from tevcurve.errors import InputError
from tevcurve.fit.expected_cells import ExpectedCells, cells_of_dataset
from tevcurve.fit.joint import JointFit, raised_words
from tevcurve.fit.nuisance_parameters import NuisanceParameters, check_names, has_nuisances, name_of
from tevcurve.fit.profile_nonlinear import NonlinearBin, NonlinearProfile
from tevcurve.kernels.poisson import cash_profile


class JointCash(JointFit):
    """Bins of `MapDataset`s as a profile; `blocks` has one `CashBlock` per member."""

    method = "3d"

    def __init__(self, profile, fitted, members, n_bins, blocks):
        super().__init__(profile, fitted, members, n_bins)
        self.blocks = blocks

    def member_signals(self):
        """Counts expected of the source at norm 1 in the fit of each member, a list of float."""
        return [float(block.shared_total[0]) for block in self.blocks]

    def count_columns(self, norm):
        """Counts in the fit, and predicted counts of the source and of everything."""
        signal, others = (self.spread(each) for each in _predicted(self.profile, norm[self.fitted]))
        return {
            "counts": self.per_bin([block.counts for block in self.blocks]),
            "npred": signal + others,
            "npred_excess": signal,
        }

    @property
    def is_counting(self):
        """Whether all maps have one pixel and a known background, bool."""
        one = all(np.prod(member.dataset.counts.data.shape[1:]) == 1 for member in self.members)
        linear = not isinstance(self.profile, NonlinearProfile) and self.profile.likelihood.n_amplitudes == 1
        return one and linear and not any(block.background_total > 0 for block in self.blocks)

    def row_cells(self):
        """Functions without arguments to the `ExpectedCells` of each fitted row, a list.

        Raises `InputError` where more than the flux of one source and norms of backgrounds is fitted.
        """
        if isinstance(self.profile, NonlinearProfile) or self.profile.likelihood.n_amplitudes > 1:
            raise InputError(
                "interval='feldman-cousins' is for the flux of one source over backgrounds with free norms, and more "
                "is free here; wanted is that the other parameters are frozen, or interval='likelihood'."
            )
        return [partial(self._cells, number) for number in self.fitted]

    def _cells(self, number):
        own = np.flatnonzero(self.member_bins == number)
        pairs = [(self.members[k], self.blocks[k].background_total > 0) for k in own]
        return ExpectedCells.of_blocks(
            [cells_of_dataset(member.dataset, member.model, free) for member, free in pairs]
        )

    def notes(self):
        """What is held, events where the background had to be raised from zero, and events that nothing predicts."""
        notes = [[] for _ in range(self.n_bins)]
        if isinstance(self.profile, NonlinearProfile):
            for number in self.fitted[self.profile.source_is_held]:
                notes[number].append(
                    "the source stays where it is and as it is, since there is no excess to fit that to"
                )
        for number, block in zip(self.member_bins, self.blocks, strict=True):
            if block.n_floored:
                notes[number].append(raised_words(block.n_floored))
            if block.n_unpredicted:
                notes[number].append(f"{block.n_unpredicted} events left out where nothing is predicted")
        return ["; ".join(words) for words in notes]


def _predicted(profile, a):
    """Predicted counts (of the source, of everything else) in each bin at flux factors a, two arrays (n_bins,)."""
    if isinstance(profile, NonlinearProfile):
        parts = [_predicted(each, a[k : k + 1]) for k, each in enumerate(profile.settled(a)[0])]
        return np.array(parts).reshape(-1, 2).T
    terms, (settled, _) = profile.likelihood.terms, profile.settled(a)
    other = settled.norms * terms.background_total + terms.constant_total
    other += (settled.amplitudes[terms.block_bin, 1:] * terms.shared_total[:, 1:]).sum(axis=1)
    return a * profile.total, np.bincount(terms.block_bin, other, terms.n_bins)


def join_cubes(members, n_bins, reoptimize, negative, background_error=None):
    """The `JointCash` of members; see `tevcurve.fit.joining.joint_fit`.

    background_error : standard deviation of a Gaussian prior around 1 for each norm of a background, or None
    """
    further = _further_sources(members, n_bins) if reoptimize else [[] for _ in range(n_bins)]
    options = _Options(1 + max(len(names) for names in further), reoptimize, negative, background_error)
    blocks = [_block(member.dataset, member.model, further[member.bin], options) for member in members]
    signal = np.bincount(
        [member.bin for member in members], [block.shared_total[0] for block in blocks], n_bins
    )
    fitted = np.flatnonzero(signal > 0)
    in_bin = [[k for k, member in enumerate(members) if member.bin == number] for number in fitted]
    if reoptimize and any(has_nuisances([members[k] for k in numbers]) for numbers in in_bin):
        bins = [
            _nonlinear_bin([members[k] for k in numbers], further[number], options)
            for number, numbers in zip(fitted, in_bin, strict=True)
        ]
        return JointCash(NonlinearProfile(bins), fitted, members, n_bins, blocks)
    used = [k for numbers in in_bin for k in numbers]
    number = np.repeat(np.arange(len(fitted)), [len(numbers) for numbers in in_bin])
    terms = join_blocks([blocks[k] for k in used], number, len(fitted), options.n_shared)
    terms = terms.with_prior(background_error)
    return JointCash(cash_profile(terms), fitted, members, n_bins, blocks)


class _Options:
    """Number of amplitudes that a bin shares, whether norms are free, and fluxes below zero; norms' uncertainty."""

    def __init__(self, n_shared, reoptimize, negative, background_error):
        self.n_shared, self.reoptimize, self.negative = n_shared, reoptimize, negative
        self.background_error = background_error


def _block(dataset, source, names, options):
    """The `CashBlock` of a dataset, with the further sources of these names among its amplitudes."""
    own = [model for model in dataset.models if model is not source and name_of(model) in names]
    block = dataset.cash_block(source, own, bounds=options.negative)
    background = dataset.background_model
    if background is None or background.norm.frozen or not options.reoptimize:
        block = block.with_fixed_background()
    return block.with_columns([0, *(1 + names.index(name_of(model)) for model in own)], options.n_shared)


def _further_sources(members, n_bins):
    """Names of the further sources with an amplitude to fit, a list for each bin."""
    check_names({id(member.dataset): member.dataset for member in members}.values())
    names = [[] for _ in range(n_bins)]
    for member in members:
        for model in member.dataset.models:
            free, name = model.spectral_model.parameters.free_parameters, name_of(model)
            is_free = model.spectral_model.amplitude_name in free.names
            if model is not member.model and is_free and name not in names[member.bin]:
                names[member.bin].append(name)
    return names


def _nonlinear_bin(members, names, options):
    """The `NonlinearBin` of the members of one bin."""
    nuisances = NuisanceParameters(members)

    def blocks():
        pairs = zip(nuisances.datasets, nuisances.sources, strict=True)
        return [_block(dataset, source, names, options) for dataset, source in pairs]

    n_unpredicted = sum(block.n_unpredicted for block in blocks())

    def make_terms(theta):
        nuisances.set(theta)
        try:
            made = blocks()
        except InputError:
            return None
        # Events must not be got rid of by predicting nothing where they are.
        if sum(block.n_unpredicted for block in made) > n_unpredicted:
            return None
        terms = join_blocks(made, np.zeros(len(made), dtype=int), 1, options.n_shared)
        return terms.with_prior(options.background_error)

    return NonlinearBin(make_terms, nuisances.start, nuisances.steps, *nuisances.bounds, nuisances.of_source)
