"""What spectra are called in texts and files."""

import re
from typing import Any

from tevcurve.errors import InputError, Unwanted
from tevcurve.models.compound_spectra import ProductSpectrum, SumSpectrum
from tevcurve.models.spectral import SpectralModel
from tevcurve.near_names import meant
from tevcurve.spectra import SPECTRA

COMPOUND: dict[str, type[SumSpectrum | ProductSpectrum]] = {"sum": SumSpectrum, "product": ProductSpectrum}
# Other words in texts for a shape.
ALIASES = {"ebl": "EBLAbsorption", "template": "TemplateSpectrum"}


def spectrum_name(model: SpectralModel) -> str:
    """What texts and files call the class of a model, str; InputError for one that is not declared.

    model: `SpectralModel`.
    """
    cls = type(model)
    for name, kind in COMPOUND.items():
        if cls is kind:
            return name
    if cls.__name__ in SPECTRA and SPECTRA[cls.__name__] is cls:
        return cls.__name__
    for name, kind in SPECTRA.things().items():
        if kind is cls:
            return name
    raise InputError(
        f"The spectrum is a {cls.__name__}, which has no name in texts and files; wanted is one of "
        f"{', '.join(SPECTRA)}, or one that is registered."
    )


def spectrum_class(name: Any) -> type[SpectralModel]:
    """The class of a name, which may be written in another way: "power law", "log-parabola".

    name: as a person writes it.

    Raises InputError, whose `path` is ("model",), for a name that there is not.
    """
    if not isinstance(name, str):
        raise wrong_at("model", f"{name!r}; wanted is one of {', '.join(SPECTRA)}")
    if name in COMPOUND:
        return COMPOUND[name]
    if name in SPECTRA:
        return SPECTRA[name]
    plain = {_letters(known): known for known in SPECTRA} | ALIASES
    wanted = _letters(name)
    if wanted not in plain:
        first, _, rest = name.strip().partition(" ")
        if rest and _letters(first) in plain:
            raise wrong_at(
                "model", f"{name!r}, where {rest!r} has no name; what is said of {first} is NAME=VALUE"
            )
        raise wrong_at("model", f"{name!r}; {meant(name, SPECTRA)}")
    return SPECTRA[plain[wanted]]


def wrong_at(name: str, words: str) -> Unwanted:
    """The error of a key's value, whose `path` is (name,).

    Parameters
    ----------
    name : the key
    words : what is wrong with it, which follows on "is"
    """
    return Unwanted(words).at(name)


def _letters(name: str) -> str:
    # No name is as long; what is longer need not be compared letter by letter.
    return re.sub(r"[^a-z0-9]", "", name[:100].lower())
