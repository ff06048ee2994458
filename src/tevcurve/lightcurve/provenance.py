"""What was assumed for a light curve, as its metadata, its printed table and its files say it."""

import re

from tevcurve import __version__
from tevcurve.lightcurve.interval_words import interval_sentence
from tevcurve.models import CompoundSpectrum, ProductSpectrum, SumSpectrum

# Keys of the metadata, the words before each where a person reads it, and the FITS keyword.
SAID = {
    "spectrum": ("spectrum", "SPECTRUM"),
    "position": ("position", "POSITION"),
    "shape": ("shape", "SHAPE"),
    "other_sources": ("other sources", "OTHERS"),
    "time_bins_beside": ("time bins", "BINS_ARE"),
    "safe_energy": ("safe energies", "SAFE_E"),
    "off_regions": ("OFF regions", "OFF_REGS"),
    "exclusion": ("exclusion", "EXCLUDED"),
    "reference_instrument": ("fluxes as seen by", "REF_INST"),
    "cross_calibration": ("cross-calibration", "CROSSCAL"),
    "systematics": ("systematic errors", "SYSTEMAT"),
    "background_norms": ("norms of backgrounds", "BKGNORMS"),
    "creator": ("made by", "CREATOR"),
}


def spectrum_words(spectrum):
    """A `SpectralModel` in a line, str: its name and its parameters, "PowerLaw index=2.5, reference=1 TeV".

    Of sums and products it is that of each part, with a sign between them.

    spectrum: `SpectralModel`.
    """
    if isinstance(spectrum, CompoundSpectrum):
        return _compound_words(spectrum)
    said = getattr(spectrum, "short_settings", {})
    parts = list(getattr(spectrum, "setting_words", [f"{name}={value}" for name, value in said.items()]))
    for parameter in getattr(spectrum, "parameters", ()):
        unit = parameter.unit.to_string()
        parts.append(f"{parameter.name}={parameter.value:.6g}{f' {unit}' if unit else ''}")
    return f"{type(spectrum).__name__} {', '.join(parts)}".strip()


def _compound_words(spectrum):
    if isinstance(spectrum, ProductSpectrum):
        words = [(part, spectrum_words(part)) for part in spectrum.parts]
        return " * ".join(f"({word})" if isinstance(part, SumSpectrum) else word for part, word in words)
    words, scale = " + ".join(map(spectrum_words, spectrum.parts)), spectrum.scale.value
    return words if scale == 1 else f"{scale:.6g} * ({words})"


def assumed(spectrum):
    """Dict for the metadata of rows that are fitted with a reference spectrum: what it is, and the version."""
    return {"spectrum": spectrum_words(spectrum), "creator": f"tevcurve {__version__}"}


def position_words(source):
    """(lon, lat), ICRS, radian, as text in degrees. source: (lon, lat)."""
    from math import degrees

    return f"{degrees(source[0]) % 360:.6f} deg, {degrees(source[1]):.6f} deg (ICRS)"


def spatial_words(spatial):
    """A `SpatialModel` in a line, str: its name, its size and where it is. spatial: the model."""
    sizes = [
        f"{parameter.name}={parameter.value:.6g} {parameter.unit.to_string()}".strip()
        for parameter in spatial.parameters
        if parameter.name not in ("lon_0", "lat_0") and parameter.value != 0
    ]
    words = " ".join([type(spatial).__name__, ", ".join(sizes)]).strip()
    return f"{words} at {position_words(spatial.lonlat_in('icrs'))}"


def field_meta(field):
    """Dict for the metadata of a light curve of what shines in its field, besides a point: empty for nothing.

    "shape" of a source that is no point; "other_sources", their names and whether they are fitted; "models", a text of
    each of these; "neighbour_amplitudes" where these are one for all rows.

    field: `~tevcurve.models.Field`.
    """
    meta = {"shape": spatial_words(field.source.spatial_model)} if field.is_extended else {}
    if not field.others:
        return meta
    words = {"free": "free in each row", "once": "one amplitude for all rows"}.get(field.neighbours, "fixed")
    fitted, fixed = (", ".join(model.name for model in models) for models in (field.fitted, field.fixed))
    told = [f"{names} ({how})" for names, how in ((fitted, words), (fixed, "fixed")) if names]
    lines = [
        f"{model.name}: {spatial_words(model.spatial_model)}, {spectrum_words(model.spectral_model)}"
        for model in field.others
    ]
    meta |= {"other_sources": ", ".join(told), "models": lines}
    return meta | ({} if field.amplitudes is None else {"neighbour_amplitudes": list(field.amplitudes)})


def safe_energy_words(safe_energy):
    """What the safe energies are, str: "file", "common", a fraction of the largest effective area, or "none".

    safe_energy: as in `tevcurve.light_curve`; None for none.
    """
    if safe_energy is None:
        return "none"
    return safe_energy if isinstance(safe_energy, str) else f"{safe_energy:g} of the largest effective area"


def place_of_times(meta):
    """Where the light is when its time is told (TIMEREF), from the metadata of a light curve, str; "" where unknown.

    meta: dict.
    """
    # Rows that were made from runs are at the observatory where nothing else is said.
    return str(meta.get("TIMEREF", "LOCAL" if "time_bins" in meta else "")).upper()


def method_shown(meta):
    """The method or methods as a person reads them, str: "3D", or "hess: 3D, fact: 1D".

    meta: dict, metadata of a light curve that say it.
    """
    return re.sub(r"\b[13]d(?=$|,)", lambda found: found[0].upper(), str(meta["method"]))


def told(meta):
    """One line of what the metadata say was assumed, str; empty where they say nothing.

    meta: dict, metadata of a light curve.
    """
    parts = [f"{words} {in_words(meta[key])}" for key, (words, _) in SAID.items() if meta.get(key)]
    line = "; ".join([*parts, *filter(None, [interval_sentence(meta)])])
    return f"{line[:1].upper()}{line[1:]}." if line else ""


def in_words(value):
    """What stands in the metadata as a text, str; a list is one after the other. value: of a dict of metadata."""
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
