"""1D light curves of sources with a known rate, drawn event by event, without files."""

from types import SimpleNamespace

import astropy.units as u
import numpy as np

from tevcurve.data import TimeReference
from tevcurve.datasets.onoff_terms import OnOffTerms
from tevcurve.fit.fit_options import FitOptions
from tevcurve.lightcurve.bins import by_width
from tevcurve.lightcurve.origin import LightCurveOrigin
from tevcurve.lightcurve.product import LightCurve
from tevcurve.lightcurve.row_table import table_of_rows
from tevcurve.lightcurve.runs import RunsInMemory
from tevcurve.models import Field, PowerLaw, SkyModel
from tevcurve.reduction.energy_axes import energy_axes
from tevcurve.reduction.onoff_terms import OnOffSetting
from tevcurve.reduction.settings import SettingRule
from tevcurve.run_id import RunId

REFERENCE = TimeReference(51910, 0.000742870370370241, "tt")
START = 2.4e8
EDGES = np.array([1.0, 2.0, 10.0])
SPECTRUM = PowerLaw(index=2.5, amplitude="1e-11 cm-2 s-1 TeV-1", reference="1 TeV")
# Of the source at norm 1 and of the background in the ON region, the share of each energy bin.
SIGNAL_SHARE, BACKGROUND_SHARE = np.array([0.6, 0.4]), np.array([0.7, 0.3])


def onoff_run(obs_id, intervals, rate, background, alpha, rng, factor=None):
    """A run with its events.

    intervals: (n, 2) good time in s since START. rate, background: ON events per s of the source at norm 1 and of the
    background. factor: (function of seconds since START, its upper bound); default: 1.
    """
    flux = SPECTRUM.photon_flux(EDGES)
    factor, bound = (lambda t: np.ones_like(t), 1.0) if factor is None else factor
    times, bins = _events(intervals, rate * bound, SIGNAL_SHARE, rng)
    kept = rng.random(len(times)) * bound < factor(times)
    in_on = _events(intervals, background, BACKGROUND_SHARE, rng)
    off_times, off_bins = _events(intervals, background / alpha, BACKGROUND_SHARE, rng)
    on_times, on_bins = np.append(times[kept], in_on[0]), np.append(bins[kept], in_on[1])
    order = np.argsort(on_times)
    return OnOffTerms(
        run_id=RunId.of(obs_id),
        reference=REFERENCE,
        intervals=START + np.asarray(intervals, dtype=float),
        deadc=1.0,
        on_times_s=START + on_times[order],
        on_energy_tev=np.sqrt(EDGES[:-1] * EDGES[1:])[on_bins[order]],
        on_bin=on_bins[order],
        off_times_s=START + off_times,
        off_energy_tev=np.sqrt(EDGES[:-1] * EDGES[1:])[off_bins],
        off_bin=off_bins,
        acceptance_off=np.full(2, 1 / alpha),
        exposure_per_s=rate * SIGNAL_SHARE / flux,
        edisp=np.eye(2),
        true_edges_tev=EDGES,
        reco_edges_tev=EDGES,
        mask_safe=np.ones(2, dtype=bool),
    )


def onoff_light_curve(runs, time_bins=None, bands=(1, 10), stacked=False, **options):
    """The `LightCurve` of such runs, with its events as origin."""
    axes = energy_axes(np.array(bands) * u.TeV, EDGES * u.TeV, EDGES * u.TeV)
    aeff = SimpleNamespace(max_offset=2 * u.deg)
    near = [SimpleNamespace(offset=0.01, aeff=aeff, run_id=run.run_id) for run in runs]
    kept = LightCurveOrigin(
        runs=RunsInMemory(near),
        failed=(),
        source=(0.0, 0.0),
        axes=axes,
        settings=SettingRule(OnOffSetting(0.002, None, False)),
        stacked=stacked,
        field=Field(SkyModel(spectral_model=SPECTRUM)),
        time_bins=by_width("5 min") if time_bins is None else time_bins,
        options=FitOptions(**options),
        meta={"method": "1d", "source": "test"},
        terms=tuple(runs),
    )
    joint, bins = kept.rows()
    meta = kept.meta | {"sigma": 1.0, "sigma_ul": 2.0, "negative": kept.options.negative}
    return LightCurve(table_of_rows(joint, bins, axes.bands, SPECTRUM, kept.options, meta), kept)


def _events(intervals, rate, shares, rng):
    """Times (n,) in order and energy bins (n,) of events at a constant rate per s."""
    intervals = np.asarray(intervals, dtype=float)
    counts = rng.poisson(rate * (intervals[:, 1] - intervals[:, 0]))
    times = [
        np.sort(rng.uniform(*interval, count)) for interval, count in zip(intervals, counts, strict=True)
    ]
    times = np.concatenate(times)
    return times, rng.choice(len(shares), len(times), p=shares)
