import pytest

from tevcurve.near_names import meant, near_names


@pytest.mark.parametrize(
    ("name", "known", "near"),
    [
        ("nigth", ["run", "night"], ["night"]),
        # Capital letters, blanks and signs make no difference.
        ("Flux_Err", ["flux", "flux-err"], ["flux-err"]),
        ("PKS 2155+304", ["PKS 2155-304", "PKS 2005-489"], ["PKS 2155-304"]),
        # What begins with the word comes before what is as long.
        ("energy", ["emergy2", "energy_edges"], ["energy_edges"]),
        ("r", ["rebin", "run", "report", "replay", "show"], ["rebin", "run", "report"]),
        # One word of several.
        ("nebula", ["Crab Nebula", "Vela X"], ["Crab Nebula"]),
        ("d", ["1 d", "10 days"], ["1 d"]),
        ("nodes", ["file", "dnde"], []),
        ("halfs", ["phase"], []),
        ("la", ["Crab Nebula", "Vela X"], []),
        ("fortnight", ["run", "edges"], []),
        ("--", ["--offset"], []),
        ("", ["run"], []),
        (3, ["run", "3"], ["3"]),
        ("Ωmega", ["omega", "Ω-mega"], ["Ω-mega"]),
    ],
)
def test_names_that_may_be_meant(name, known, near):
    assert near_names(name, known) == near


def test_the_end_of_a_refusal():
    assert meant("nigth", ["run", "night"]) == "did you mean 'night'?"
    assert meant("r", ["rebin", "run"]) == "did you mean 'rebin' or 'run'?"
    assert meant("r", ["rebin", "run", "report"]) == "did you mean 'rebin', 'run' or 'report'?"
    assert meant("tides", ["run", "night"]) == "wanted is one of run, night."
    assert meant("tides", iter(["run", "night"]), "there are two.") == "there are two."


def test_a_very_long_name_costs_nothing():
    assert near_names("x" * 10**6, ["run"] * 3) == []
