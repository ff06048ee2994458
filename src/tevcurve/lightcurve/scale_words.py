"""Scales of instruments as a person reads them: a table, words for the metadata, and what cannot be told."""

from collections.abc import Iterator

import astropy.units as u
import numpy as np
from astropy.table import Column, Table

from tevcurve.systematics import (
    ALL,
    ANYTHING,
    BACKGROUND,
    CONSTANT,
    INSTRUMENT,
    CrossCalibration,
    Scales,
    Systematic,
    Systematics,
)

ASSUMES_CONSTANT = (
    "constant, which assumes that the source does not vary (total errors are then larger than needed)"
)
# Of ln(scale): with a larger error, from few counts, it is not Gaussian, and its mean may be off by a quarter of it.
LARGEST_ERROR = 0.5
# Of the prior's: with an error as large the counts say nothing.
NOTHING_NEW = 0.98
# Correlation of two scales beyond which they are told from one another only.
CLOSEST = 0.9
_COLUMNS = {
    "instrument": "whose scale it is",
    "scale": "what the instrument sees of a flux, over what the reference does",
    "log_scale": "ln of the scale",
    "error": "standard deviation of log_scale",
    "prior": "standard deviation of the prior of log_scale; inf where it is free",
    "pull": "log_scale over prior; NaN where it is free",
    "overlap": "good time in which another instrument observed, too",
}


def scales_table(systematics: Systematics) -> Table | None:
    """`Table` with a row for each instrument that has a scale; None without a cross-calibration.

    Its columns are `instrument`, `scale`, `log_scale`, `error`, `prior`, `pull` and `overlap`. The metadata have the
    `reference`, whose scale is 1, `from` ("overlap" or "constant"), `n_cells`, `energies_TeV` of the counts, the
    `correlation` of the scales, and `not_told`, sentences on what cannot be told from what.

    systematics: `Systematics` of a light curve.
    """
    calibration, scales = systematics.calibration, systematics.scales
    if calibration is None or scales is None:
        return None
    sigma = np.array([calibration.sigma_of(name) for name in scales.names])
    values = {
        "instrument": np.array(scales.names, dtype=str),
        "scale": np.exp(scales.log_scale),
        "log_scale": scales.log_scale,
        "error": scales.error,
        "prior": sigma,
        "pull": np.where(np.isfinite(sigma), scales.log_scale / sigma, np.nan),
        "overlap": scales.overlap_s,
    }
    columns = [
        Column(value, name, description=_COLUMNS[name], unit=u.s if name == "overlap" else None)
        for name, value in values.items()
    ]
    meta = {
        "reference": calibration.reference,
        "from": calibration.from_,
        "n_cells": scales.n_cells,
        "energies_TeV": list(scales.energies_tev),
        "correlation": scales.correlation().tolist(),
        "not_told": not_told(systematics),
    }
    table = Table(columns, meta=meta)
    for name in ("scale", "log_scale", "error", "pull"):
        table[name].info.format = ".4g"
    return table


def scale_words(scales: Scales) -> str:
    """Names with the scales, such as "magic 0.861, fact 0.732". scales: `Scales` of one instrument or more."""
    pairs = zip(scales.names, np.exp(scales.log_scale), strict=True)
    return ", ".join(f"{name} {scale:.4g}" for name, scale in pairs)


def calibration_meta(systematics: Systematics) -> dict[str, str]:
    """Dict for the metadata of a light curve whose instruments are joined; else empty.

    "reference_instrument", whose fluxes these are, and "cross_calibration", the scales of the others in words.

    systematics: `Systematics`
    """
    calibration, scales = systematics.calibration, systematics.scales
    if calibration is None:
        return {}
    if scales is None:
        told = [f"{name} {_prior_words(calibration, name)}" for name in calibration.names]
    else:
        told = [_one_scale(calibration, scales, number) for number in range(len(scales.names))]
        told += [f"{name} has no run" for name in calibration.names if name not in scales.names]
    return {
        "reference_instrument": calibration.reference,
        "cross_calibration": "; ".join([*told, f"from {_origin_words(calibration, scales)}"]),
    }


def _one_scale(calibration: CrossCalibration, scales: Scales, number: int) -> str:
    """Such as "fact 0.7312 (ln -0.313 +- 0.0954, free)"."""
    name, error = scales.names[number], scales.error[number]
    words = f"ln {scales.log_scale[number]:.3g} +- {error:.3g}, {_prior_words(calibration, name)}"
    if calibration.from_ != CONSTANT and not scales.overlap_s[number]:
        words += ", which is all that is known: it never observed at the same time as another"
    elif error > LARGEST_ERROR:
        words += ", of which the counts say little"
    return f"{name} {np.exp(scales.log_scale[number]):.4g} ({words})"


def _prior_words(calibration: CrossCalibration, name: str) -> str:
    sigma = calibration.sigma[name]
    return ANYTHING if sigma == ANYTHING else f"prior {sigma:g}"


def _origin_words(calibration: CrossCalibration, scales: Scales | None) -> str:
    words = calibration.from_ if calibration.from_ != CONSTANT else ASSUMES_CONSTANT
    if scales is None:
        return words
    if calibration.from_ != CONSTANT:
        words += f", {scales.n_cells} cell{'s' if scales.n_cells != 1 else ''} of simultaneous good time"
    low, high = scales.energies_tev
    return f"{words}, of {low:.4g} to {high:.4g} TeV"


def not_told(systematics: Systematics) -> list[str]:
    """Sentences on which scale of an instrument cannot be told from what.

    systematics: `Systematics` whose scales are settled, or without any
    """
    return [*_of_scales(systematics), *_of_effects(systematics)]


def _of_scales(systematics: Systematics) -> Iterator[str]:
    """What the scales themselves leave open."""
    calibration, scales = systematics.calibration, systematics.scales
    if calibration is None or scales is None:
        return
    for number, name in enumerate(scales.names):
        alone = not scales.overlap_s[number]
        if alone and calibration.from_ == CONSTANT:
            yield (
                f"{name} never observed at the same time as another instrument: its scale is told by the hypothesis "
                "that the source does not vary, and cannot be told from a change of the source."
            )
        elif alone:
            yield (
                f"{name} never observed at the same time as another instrument: of its scale only the prior is known, "
                "and what is off beyond it cannot be told from a change of the source."
            )
        sigma = calibration.sigma_of(name)
        if not alone and scales.error[number] > NOTHING_NEW * sigma:
            yield f"What was seen adds next to nothing to the prior of the scale of {name}, {sigma:g}."
        if scales.error[number] > LARGEST_ERROR:
            yield (
                f"ln(scale) of {name} has an error of {scales.error[number]:.2g}: the counts say little of it, and its "
                "distribution is not that of a Gaussian; its mean may be off by a quarter of the error."
            )
    correlation = scales.correlation()
    for first, second in zip(*np.triu_indices(len(scales.names), 1), strict=True):
        if abs(correlation[first, second]) > CLOSEST:
            yield (
                f"The scales of {scales.names[first]} and {scales.names[second]} have a correlation of "
                f"{correlation[first, second]:.2f}: their ratio is known better than either to {calibration.reference}."
            )


def _of_effects(systematics: Systematics) -> Iterator[str]:
    """Which systematic errors do what scales do, or move all fluxes alike."""
    for effect in systematics.effects:
        if effect.effect == BACKGROUND:
            continue
        if effect.by == ALL and not effect.instruments:
            yield (
                f"The systematic {effect.text()} moves all fluxes alike: it is no part of their ratios, and nothing in "
                "the light curve tells it."
            )
        elif effect.by in (ALL, INSTRUMENT):
            yield from _beside_scales(effect, systematics)


def _beside_scales(effect: Systematic, systematics: Systematics) -> Iterator[str]:
    """Which scales of instruments do what a systematic by instrument does."""
    calibration = systematics.calibration
    if calibration is None:
        return
    same = [name for name in calibration.names if effect.acts_on(name)]
    if same:
        as_a_scale = "" if effect.effect != "energy_scale" else ", all but for the curvature of the spectrum"
        yield (
            f"The systematic {effect.text()} does to {', '.join(same)} what the scale of the cross-calibration does"
            f"{as_a_scale}: the two cannot be told apart, and what overlaps or constancy say is counted to the scale."
        )
