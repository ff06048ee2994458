"""Spectra as texts and dicts: what a person may write, and what comes back to the last digit."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevcurve.errors import InputError
from tevcurve.models import (
    BrokenPowerLaw,
    Constant,
    LogParabola,
    PowerLaw,
    PowerLawNorm,
    SpectralModel,
    SumSpectrum,
    spectrum_from_dict,
    spectrum_from_text,
    spectrum_name,
    spectrum_to_dict,
    spectrum_to_text,
)
from tevcurve.spectra import SPECTRA

ENERGY = np.geomspace(0.05, 60, 9)
SPECTRA_OF = [
    PowerLaw(2.123456789012345, "3.45e-11 cm-2 s-1 TeV-1", "1.1 TeV"),
    BrokenPowerLaw(ebreak="700 GeV"),
    PowerLaw(amplitude="1e-12 erg-1 cm-2 s-1") + LogParabola(beta=0.2),
    3 * (PowerLaw() + Constant()) * PowerLawNorm(tilt=0.1),
    SumSpectrum([2 * (PowerLaw() + Constant()), PowerLaw(3)]),
    PowerLawNorm(norm=3) * PowerLawNorm(tilt=0.3) * LogParabola(),
    (PowerLaw() + PowerLawNorm(tilt=0.3) * PowerLaw(4)) * PowerLawNorm(norm=0.5),
]


@pytest.mark.parametrize("model", SPECTRA_OF, ids=spectrum_to_text)
def test_a_spectrum_comes_back_to_the_last_digit(model):
    for again in (spectrum_from_text(spectrum_to_text(model)), spectrum_from_dict(spectrum_to_dict(model))):
        assert type(again) is type(model)
        assert again.parameters.names == model.parameters.names
        assert [p.value for p in again.parameters] == [p.value for p in model.parameters]
        assert again.dnde(ENERGY).tobytes() == model.dnde(ENERGY).tobytes()


NUMBERS = st.floats(0.1, 5)
LEAVES = st.one_of(
    st.builds(lambda index: PowerLaw(index), NUMBERS),
    st.builds(lambda alpha, beta: LogParabola(alpha=alpha, beta=beta), NUMBERS, NUMBERS),
    st.builds(lambda knee: BrokenPowerLaw(ebreak=f"{knee!r} TeV"), NUMBERS),
)
FACTORS = st.builds(lambda tilt: PowerLawNorm(tilt=tilt), NUMBERS)
MADE = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a * b, inner, FACTORS),
        st.builds(lambda a, b: b * a, inner, FACTORS),
        st.builds(lambda a, b: a * b, inner, NUMBERS),
    ),
    max_leaves=6,
)


@settings(max_examples=30, deadline=None)
@given(MADE)
def test_whatever_is_made_of_spectra_comes_back(model):
    text = spectrum_to_text(model)
    for again in (spectrum_from_text(text), spectrum_from_dict(spectrum_to_dict(model))):
        assert spectrum_to_text(again) == text
        assert again.parameters.names == model.parameters.names
        np.testing.assert_allclose(again.dnde(ENERGY), model.dnde(ENERGY), rtol=1e-13)


@settings(max_examples=100, deadline=None)
@given(st.text("()+* =.-eE12PowerLaw index scale EBL[],\\'\"\n", max_size=60))
def test_any_text_is_a_spectrum_or_a_sentence(text):
    with suppress(InputError):
        assert spectrum_from_text(text).parameters


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("power law index=3", PowerLaw(3)),
        ("PowerLaw index=3 amplitude=1e-12 1/(cm2 s TeV), reference = 2 TeV", PowerLaw(3, reference="2 TeV")),
        ("2 * PowerLaw index=3", PowerLaw(3, "2e-12 cm-2 s-1 TeV-1")),
        ("PowerLaw index=3 * 2", PowerLaw(3, "2e-12 cm-2 s-1 TeV-1")),
        ("((PowerLaw index=3))", PowerLaw(3)),
        (
            "PowerLaw + PowerLaw index=3 * PowerLawNorm norm=2",
            PowerLaw() + PowerLawNorm(norm=2) * PowerLaw(3),
        ),
        (
            "(PowerLaw + PowerLaw index=3)*power-law-norm norm=2",
            (PowerLaw() + PowerLaw(3)) * PowerLawNorm(norm=2),
        ),
    ],
)
def test_what_a_person_writes(text, wanted):
    text = text.replace(")*", ") * ")
    np.testing.assert_allclose(spectrum_from_text(text).dnde(ENERGY), wanted.dnde(ENERGY), rtol=1e-14)


def test_defaults_are_of_the_text_alone():
    defaults = {"PowerLaw": {"index": 2.5}}
    assert spectrum_from_text("reference=2 TeV", defaults).index.value == 2.5
    assert spectrum_from_text("PowerLaw index=2 + LogParabola", defaults).index.value == 2
    assert spectrum_from_text("PowerLaw").index.value == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "wanted is one of PowerLaw"),
        ("PowerLaw +", "on either side of"),
        ("PowerLaw * * PowerLawNorm", "on either side of"),
        ("(PowerLaw", "has no end"),
        ("PowerLaw )", "has no beginning"),
        ("(PowerLaw) PowerLaw", "has no beginning"),
        ("2 * 3", "wanted is a spectrum beside each number"),
        ("PowerLaw * PowerLaw", "is no flux"),
        ("PowerLaw indx=2 * PowerLawNorm", r"did you mean 'index'"),
        ("PowerLaw * EBL dominguez", r"'dominguez' has no name; what is said of EBL is NAME=VALUE"),
        ("PowerLawNrm tilt=1 * PowerLaw", r"did you mean 'PowerLawNorm'"),
        ("( " * 50 + "PowerLaw" + " )" * 50, "more than 20 parentheses"),
        ("PowerLaw " * 200_000, "wanted are at most"),
        ("PowerLaw index=__import__('os')", "wanted"),
    ],
)
def test_what_is_no_spectrum(text, words):
    with pytest.raises(InputError, match=words):
        spectrum_from_text(text)


@pytest.mark.parametrize(
    "values",
    [
        {"model": "sum"},
        {"model": "sum", "of": "PowerLaw"},
        {"model": "sum", "of": [1, 2]},
        {"model": "sum", "of": [{"model": "PowerLaw"}]},
        {"model": "sum", "of": [{"model": "PowerLaw"}] * 2, "index": 2},
        {"model": "sum", "of": [{"model": "PowerLaw"}] * 2, "scale": "2 TeV"},
        {"model": "PowerLaw", "of": []},
        {"model": ["PowerLaw"]},
        {"model": "x" * 1_000_000},
        {"model": "PowerLaw", "times": "x"},
        {},
        "PowerLaw",
    ],
)
def test_what_is_no_dict_of_a_spectrum(values):
    with pytest.raises(InputError):
        spectrum_from_dict(values)


def test_a_registered_shape_has_its_name():
    class Hump(SpectralModel):
        """A spectrum of the user's own."""

        default_parameters = (PowerLaw().amplitude,)

        @staticmethod
        def evaluate(energy, amplitude):
            return amplitude * np.exp(-energy)

    with pytest.raises(InputError, match="a Hump, which has no name in texts and files"):
        spectrum_name(Hump())
    SPECTRA.register("hump", Hump)
    try:
        model = spectrum_from_text("hump amplitude=3e-12 cm-2 s-1 TeV-1 * PowerLawNorm tilt=1")
        assert spectrum_from_text(spectrum_to_text(model)).dnde(2.0) == model.dnde(2.0)
        assert model.dnde(2.0) == pytest.approx(3e-12 * np.exp(-2) / 2)
    finally:
        SPECTRA.unregister("hump")
