"""The table of sources: a row for each, with what all its rows say of it."""

import json
from collections.abc import Sequence

import numpy as np
from astropy.table import Column, Table

from tevcurve.catalogue.neighbourhood import others_near
from tevcurve.lightcurve.columns import FLUX_UNIT
from tevcurve.lightcurve.variability.many_sources import combined_chance, source_statistics
from tevcurve.models import spectrum_to_text
from tevcurve.pipeline.catalogue_plan import CataloguePlan, source_groups
from tevcurve.pipeline.catalogue_rows import CatalogueRun
from tevcurve.problems import Problem
from tevcurve.run_id import FIELDS, RunId

# What of each row is looked at, and what stands for it where a table has no such column.
_KEPT = ("norm", "norm_errn", "norm_errp", "norm_ul", "ts")
_WORDS = {
    "name": "Name of the source",
    "ra": "Right ascension, ICRS",
    "dec": "Declination, ICRS",
    "group": "Number of the group of sources each within 0.5 deg of another of it, from 0",
    "n_near": "Other sources within 0.5 deg that are not in its model, so that their photons may count as its own",
    "spectrum": "Reference spectrum of its rows",
    "neighbours": "Sources whose fluxes are fitted with it, a list as JSON has it",
    "n_rows": "Rows of light_curves.fits that are of the source; they follow each other, in the order of the sources",
    "n_fluxes": "Rows with a flux and errors, of each energy band",
    "livetime": "Sum of the live times of the rows of an energy band",
    "flux": "The one flux that fits all rows best",
    "flux_err": "Error of that flux, from the curvature of the likelihood",
    "flux_ul": "Upper limit of that flux, at the confidence of the rows' limits",
    "ts": "Test statistic of a constant source against no source, of all rows together",
    "ts_var": "Test statistic of a source that varies from row to row against a constant one",
    "n_free": "Degrees of freedom of ts_var: fluxes less one",
    "p_var": "Chance of a constant source to have that ts_var, of chi-square with n_free degrees of freedom, not told "
    "below 1e-15; NaN where a flux is held at zero, which makes ts_var smaller than chi-square has it, and without "
    "degrees of freedom",
    "p_in_runs": "Chance of a constant source to vary so inside its runs: times are permuted among all events of the "
    "field of view. What changes from run to run it does not see",
    "variability_index": "Fractional variability of the fluxes; 0 where errors explain their scatter, NaN where faint",
    "variability_index_err": "Error of the variability index (Vaughan et al. 2003)",
}
_UNITS = {
    "ra": "deg",
    "dec": "deg",
    "livetime": "s",
    "flux": FLUX_UNIT,
    "flux_err": FLUX_UNIT,
    "flux_ul": FLUX_UNIT,
}
_FORMS = {
    "ra": ".5f",
    "dec": ".5f",
    "livetime": ".1f",
    "flux": ".4g",
    "flux_err": ".2g",
    "flux_ul": ".3g",
    "ts": ".2f",
    "ts_var": ".2f",
    "p_var": ".3g",
    "p_in_runs": ".3g",
    "variability_index": ".3f",
    "variability_index_err": ".2f",
}


class RowSums:
    """What of the rows of all entries is needed for the table of sources, gathered entry by entry.

    Parameters
    ----------
    plan : what was wanted of the catalogue
    """

    def __init__(self, plan: CataloguePlan) -> None:
        self.plan, n = plan, len(plan.sources)
        self.problems: list[Problem] = []
        self.run_ids: list[RunId] = []
        self._source: list[np.ndarray] = []
        self._band: list[np.ndarray] = []
        self._columns: dict[str, list[np.ndarray]] = {name: [] for name in (*_KEPT, "livetime")}
        self._logs, self._chances = np.zeros(n), np.zeros(n, dtype=int)
        self._unit = np.full((n, plan.axes.n_bands), np.nan)

    def add(self, entry: CatalogueRun) -> None:
        """None; the rows of an entry count. entry: what a group of runs gives."""
        self.problems += entry.problems
        self.run_ids += entry.run_ids
        known = np.isfinite(entry.p_constancy)
        self._logs[known] += np.log(np.maximum(entry.p_constancy[known], np.finfo(float).tiny))
        self._chances += known
        if entry.table is None:
            return
        band = np.searchsorted(self.plan.axes.bands, np.asarray(entry.table["e_min"]) * (1 + 1e-9)) - 1
        self._source.append(entry.source)
        self._band.append(band)
        for name, parts in self._columns.items():
            parts.append(np.asarray(entry.table[name], dtype=float))
        self._unit[entry.source, band] = np.asarray(entry.table["ref_flux"], dtype=float)

    def table(self) -> Table:
        """The astropy Table of the sources."""
        sources, n = self.plan.sources, len(self.plan.sources)
        columns = {
            "name": [source.name for source in sources],
            "ra": np.rad2deg([source.lonlat[0] for source in sources]),
            "dec": np.rad2deg([source.lonlat[1] for source in sources]),
            "group": source_groups(self.plan),
            "n_near": _others_near(sources),
            "spectrum": _spectra(sources),
            "neighbours": [_listed(source.neighbours) for source in sources],
            **self._of_rows(n),
            "p_in_runs": combined_chance(self._logs, self._chances),
        }
        made = Table()
        for name in _WORDS:
            values = np.asarray(columns[name])
            made[name] = Column(
                values if values.ndim == 1 or values.shape[1] > 1 else values[:, 0],
                unit=_UNITS.get(name),
                description=_WORDS[name],
                format=_FORMS.get(name),
            )
        made.meta["energy_edges_TeV"] = self.plan.axes.bands.tolist()
        return made

    def _of_rows(self, n: int) -> dict[str, np.ndarray]:
        """Columns (n,), or (n, n_bands) for what each energy band has of its own."""
        n_bands = self.plan.axes.n_bands
        source, band = (_joined(parts, int) for parts in (self._source, self._band))
        columns = {name: _joined(parts, float) for name, parts in self._columns.items()}
        group, shape = source * n_bands + band, (n, n_bands)
        options = self.plan.options
        # Of one standard deviation, whatever was asked for.
        columns |= {name: columns[name] / options.sigma for name in ("norm_errn", "norm_errp")}
        found = source_statistics(group, n * n_bands, columns, options.sigma_ul**2, not options.negative)
        livetime = np.bincount(group, np.nan_to_num(columns["livetime"]), n * n_bands)
        made = {
            "n_fluxes": found.n_rows,
            "livetime": livetime,
            "flux": found.mean * self._unit.ravel(),
            "flux_err": found.mean_err * self._unit.ravel(),
            "flux_ul": found.mean_ul * self._unit.ravel(),
            "ts": found.ts,
            "ts_var": found.ts_var,
            "n_free": np.maximum(found.n_rows - 1, 0),
            "p_var": found.p_var,
            "variability_index": found.index,
            "variability_index_err": found.index_err,
        }
        return {"n_rows": np.bincount(source, minlength=n)} | {
            name: values.reshape(shape) for name, values in made.items()
        }


def _joined(parts: list[np.ndarray], kind: type) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=kind)


def _listed(names: Sequence[str]) -> str:
    return json.dumps(list(names), ensure_ascii=False) if names else ""


def _others_near(sources: Sequence) -> np.ndarray:
    number = {source.name: place for place, source in enumerate(sources)}
    fitted = [[number[name] for name in source.neighbours] for source in sources]
    return others_near(np.array([source.lonlat for source in sources]), fitted)


def _spectra(sources: Sequence) -> list[str]:
    known = {id(source.spectrum): source.spectrum for source in sources}
    words = {number: spectrum_to_text(spectrum) for number, spectrum in known.items()}
    return [words[id(source.spectrum)] for source in sources]


def alone_words(sources: Table) -> str:
    """A sentence on the sources that have others near which are not in their models; "" where there are none.

    sources: the table of sources.
    """
    n = int(np.count_nonzero(sources["n_near"]))
    if not n:
        return ""
    one = n == 1
    return (
        f"{n} {'source has' if one else 'sources have'} others of the catalogue within 0.5 deg that are not in "
        f"{'its' if one else 'their'} model, so that photons of others may count as {'its own' if one else 'theirs'}; "
        "'near' in the column neighbours of the positions fits them together."
    )


def common_meta(sources: Table) -> dict[str, str]:
    """Dict of what the rows of all sources have in common. sources: the table of sources."""
    spectra = sorted(set(sources["spectrum"].tolist()))
    words = {
        "spectrum": spectra[0] if len(spectra) == 1 else "of each source its own, as sources.ecsv has it"
    }
    alone = alone_words(sources)
    return words | ({"not_in_the_model": alone} if alone else {})


def problem_table(problems: Sequence[Problem]) -> Table:
    """The astropy Table of what is wrong with runs, or odd about them, of one source or (source "") of all.

    problems: of all runs.
    """
    columns: dict[str, list[str]] = {name: [] for name in (*FIELDS, "source", "kind", "stage", "reason")}
    for problem in problems:
        said = problem.plain()
        for name, values in columns.items():
            values.append(said.get(name, "") if name == "source" else said[name])
    return Table({name: np.array(values, dtype=str) for name, values in columns.items()})
