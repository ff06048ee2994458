"""Sentences for a telegram, night by night."""

import numpy as np
import pytest
from light_curves_to_draw import make, make_nights

from tevcurve.errors import InputError

NIGHT = 53945.85


def test_a_detection_and_a_limit_are_said_with_their_numbers():
    curve = make(
        [NIGHT, NIGHT + 1], [NIGHT + 0.1, NIGHT + 1.1], [2.5, 0.3], ts=[60.84, 1.0], livetime=[5400.0, 7200.0]
    )
    curve.meta.update({"source": "PKS 2155-304", "upper_limit": 0.95, "spectrum": "PowerLaw index=3"})
    first, second, last = curve.to_text("atel").strip().split("\n\n")
    assert first == (
        "We observed PKS 2155-304 from 2006-07-29 20:22 to 2006-07-29 22:46 UTC (MJD 53945.850 to 53945.950, TT) for "
        "1.5 h of live time. The source was detected with a significance of 7.8 sigma; its flux between 1 and 10 TeV "
        "is (2.50 -0.20 +0.40) x 10^-11 cm^-2 s^-1."
    )
    # 0.3 and its limit 0.9, in units of 1e-11.
    assert second.endswith(
        "for 2 h of live time. No significant signal was found (1.0 sigma): its flux between 1 and 10 TeV is below "
        "9.0 x 10^-12 cm^-2 s^-1 at 95% confidence level."
    )
    assert "PowerLaw index=3" in last
    assert "statistical only" in last


def test_parts_of_a_night_need_their_events():
    with pytest.raises(InputError, match="several rows in a night and does not know its events"):
        make_nights([NIGHT]).to_text("atel")


def test_each_night_is_told_of_those_that_observed_it():
    curve = make([NIGHT, NIGHT + 1], [NIGHT + 0.1, NIGHT + 1.1], [2.5, 2.5])
    curve.table["instruments"] = ["hess", "hess, magic"]
    first, second, _ = curve.to_text("atel").strip().split("\n\n")
    assert first.startswith("hess observed")
    assert second.startswith("hess and magic observed")


def test_what_was_not_observed_is_not_told():
    curve = make([NIGHT, NIGHT + 1], [NIGHT + 0.1, NIGHT + 1.1], [np.nan, 2.5], livetime=[0.0, 5400.0])
    first, _ = curve.to_text("atel").strip().split("\n\n")
    assert first.startswith("We observed the source from 2006-07-30")
    curve.table["livetime"] = 0.0
    with pytest.raises(InputError, match="No row of the light curve has good time"):
        curve.to_text("atel")


def test_no_excess_is_told_where_none_is_known():
    curve = make([NIGHT, NIGHT + 1, NIGHT + 2], [NIGHT + 0.1, NIGHT + 1.1, NIGHT + 2.1], [0.0, 2.5, np.nan])
    curve.table["sqrt_ts"], curve.table["ts"] = [0.0, np.nan, np.nan], [np.nan] * 3
    curve.table["flux_ul"] = np.nan
    at_zero, unknown, nothing, _ = curve.to_text("atel").strip().split("\n\n")
    assert "No significant signal was found (0.0 sigma); its flux between 1 and 10 TeV is (0.0 " in at_zero
    assert "live time. Its flux between 1 and 10 TeV is (2.5" in unknown.replace("TT).", "live time.")
    assert nothing.endswith(" Its flux between 1 and 10 TeV could not be told.")
    assert "excess" not in at_zero + unknown + nothing


def test_a_name_with_a_line_break_stays_in_its_paragraph():
    curve = make([NIGHT], [NIGHT + 0.1], [2.5])
    curve.meta["source"] = "PKS 2155-304\n\n& co"
    assert curve.to_text("atel").startswith("We observed PKS 2155-304 & co from ")
