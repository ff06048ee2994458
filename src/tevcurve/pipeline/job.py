"""What is wanted of every run and of the light curve, apart from the observations."""

import os
from dataclasses import dataclass, replace

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord

from tevcurve.data.time_order import in_order_of_time
from tevcurve.errors import DataError, InputError
from tevcurve.lightcurve.bins import Binning
from tevcurve.lightcurve.fit_rows import FitOptions, check_options, limit_sigma, positive
from tevcurve.lightcurve.free_shapes import free_names
from tevcurve.lightcurve.rebinning import Kept
from tevcurve.maps import WcsGeom
from tevcurve.models import SpectralModel
from tevcurve.pipeline.repeats import Repeats
from tevcurve.problems import at_stage, noted_remarks
from tevcurve.records import short_repr
from tevcurve.reduction import ReflectedRegionsBackgroundEstimator
from tevcurve.reduction.cube_terms import CubeSetting
from tevcurve.reduction.exclusion import allowed_pixels, as_exclusions
from tevcurve.reduction.keep import keep_run
from tevcurve.reduction.regions import SkyCircle
from tevcurve.reduction.safe_energy import safe_energy_of
from tevcurve.reduction.spectrum_terms import SpectrumSetting
from tevcurve.reduction.true_nodes import check_responses
from tevcurve.store.inputs import RunKeys

# Of a map in all its energies: some arrays of half a gigabyte each.
MAX_CELLS = 60_000_000


@dataclass(frozen=True, eq=False)
class Job:
    """Settings of a light curve.

    Attributes
    ----------
    setting : `CubeSetting` or `SpectrumSetting`
    exclusion : map, region, or list of these, where no OFF region may lie, or None; of a cube, the pixels that are
        left are in its setting
    spectrum : `SpectralModel`, the reference
    time_bins : `~tevcurve.lightcurve.bins.Binning`
    options : `FitOptions`
    meta : dict of what the light curve says of itself
    """

    setting: object
    exclusion: object
    spectrum: SpectralModel
    time_bins: Binning
    options: FitOptions
    meta: dict

    __repr__ = short_repr

    def keep(self, observation):
        """The `KeptRun` of an observation, with what is odd about it. Raises `DataError` where it cannot be used."""
        with noted_remarks() as remarks:
            # Whoever follows the sky otherwise may lack a pointing, too: this is the reason to tell.
            with at_stage("events"):
                observation.check_tracking()
            regions = None if isinstance(self.setting, CubeSetting) else self._off_regions(observation)
            run = keep_run(observation, self.setting.source, regions)
        return _without_folders(replace(run, remarks=tuple(remarks)), observation.addresses)

    def run_keys(self):
        """The `RunKeys` of the settings that reduced runs depend on."""
        setting = self.setting
        if isinstance(setting, CubeSetting):
            return RunKeys(setting.source)
        energies = setting.axes.reco[[0, -1]].tolist()
        return RunKeys(setting.source, setting.radius, self.exclusion, setting.radius_is_given, energies)

    def light_curve(self, runs, failed=(), strict=False):
        """The `LightCurve` of kept runs, which are put in the order of time.

        failed: the `Problem`s of those that are left out.
        strict: bool, raises for the first run that cannot be reduced. Raises `DataError` where no run is left.
        """
        repeats = Repeats()
        runs = tuple(repeats.without(in_order_of_time(runs), strict))
        return self.kept(runs, (*failed, *repeats.problems)).settled(runs).reduced(strict).light_curve()

    def kept(self, runs, failed=()):
        """The `Kept` of runs, before they are reduced."""
        return Kept(
            runs,
            failed,
            self.setting,
            self.spectrum,
            self.time_bins,
            self.options,
            dict(self.meta),
            exclusion=self.exclusion,
        )

    def _off_regions(self, observation):
        """The `ReflectedRegions` of an observation; DataError where there is no room for any."""
        position = SkyCoord(*self.setting.source, unit="rad")
        with at_stage("aeff"):
            radius = self.setting.radius_of(observation)
        estimator = ReflectedRegionsBackgroundEstimator(
            SkyCircle(position, radius * u.rad), [observation], self.exclusion
        )
        with at_stage("off regions"):
            estimator.run()
            if not estimator.result:
                raise DataError(estimator.failed[0][1])
        return estimator.result[0]


def _without_folders(run, addresses):
    """The run with files called by their names only: where these lie makes no difference to it."""
    folders = sorted({f"{address.path.parent}{os.sep}" for address in addresses}, key=len, reverse=True)

    def short(text):
        for folder in folders:
            text = text.replace(folder, "")
        return text

    responses = {name: getattr(run, name) for name in ("aeff", "edisp", "bkg", "cut")}
    shorter = {
        name: replace(response, table=replace(response.table, where=short(response.table.where)))
        for name, response in responses.items()
        if hasattr(response, "table")
    }
    return replace(run, remarks=tuple((stage, short(words)) for stage, words in run.remarks), **shorter)


def cube_setting(
    position, axes, safe_energy, offset_max, *, width, binsz, unbinned, stacked, responses, exclusion=None
):
    """The `CubeSetting` of the arguments of `tevcurve.light_curve`."""
    if unbinned and stacked:
        raise InputError(
            "stacked=True adds up cells, which unbinned=True does without; wanted is one of them."
        )
    geom = WcsGeom.create(skydir=position.icrs, binsz=binsz, width=width, coordsys="CEL", proj="TAN")
    _check_cells(geom, axes, width, binsz)
    offset_max = _radian(offset_max, "offset_max")
    safe_energy = safe_energy_of(safe_energy)
    source = _lonlat(position)
    allowed = allowed_pixels(exclusion, geom, source)
    how = bool(unbinned), bool(stacked)
    return CubeSetting(source, geom, axes, offset_max, safe_energy, *how, allowed, check_responses(responses))


def _check_cells(geom, axes, width, binsz):
    """Raises `InputError` for a map that would take gigabytes, before any of it is made."""
    pixels = geom.npix[0] * geom.npix[1]
    n_energies = max(len(axes.reco), len(axes.true)) - 1
    if pixels * n_energies > MAX_CELLS:
        raise InputError(
            f"A map of the width {width} with pixels of {binsz} has {pixels:.3g} pixels, with {n_energies} energies "
            f"{pixels * n_energies:.3g} cells; wanted are at most {MAX_CELLS:.0e}, so take larger pixels or a "
            "smaller width."
        )


def exclusion_words(exclusion, setting):
    """What an exclusion does in a job of a setting, str."""
    if not isinstance(setting, CubeSetting):
        return f"no OFF region lies on {len(as_exclusions(exclusion))} maps or regions"
    n_pixels = int(np.prod(setting.geom.data_shape[-2:]))
    n_out = 0 if setting.allowed is None else int(np.count_nonzero(~setting.allowed))
    return f"{n_out} of {n_pixels} pixels of the map are outside the fit"


def on_off_setting(position, axes, safe_energy, on_radius, responses, radius_is_given=False):
    """The `SpectrumSetting` of the arguments of `tevcurve.light_curve`."""
    radius = _radian(on_radius, "on_radius")
    safe_energy = safe_energy_of(safe_energy)
    responses = check_responses(responses)
    return SpectrumSetting(_lonlat(position), radius, axes, safe_energy, True, responses, radius_is_given)


def fit_options(spectrum, *, sigma, sigma_ul, upper_limit, free, free_ts, negative, **others):
    """The `FitOptions` of the arguments of `tevcurve.light_curve`."""
    options = FitOptions(
        positive(sigma, "sigma"),
        limit_sigma(sigma_ul, upper_limit),
        negative=bool(negative),
        free=free_names(free, spectrum),
        free_ts=positive(free_ts, "free_ts"),
        **others,
    )
    return check_options(options)


def _lonlat(position):
    icrs = position.icrs
    return float(icrs.ra.rad), float(icrs.dec.rad)


def _radian(angle, name):
    try:
        value = u.Quantity(angle).to_value(u.rad)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} is {angle!r}; wanted is an angle such as '2 deg'.") from error
    return positive(value, name)
