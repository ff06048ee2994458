"""Event lists: what is in the file comes out, in the wanted units, or a sentence does."""

from types import SimpleNamespace

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import Table
from dl3_files import START, RunFile, run_hdus

from tevcurve.data import EventList
from tevcurve.errors import DataError
from tevcurve.files import row_values
from tevcurve.problems import noted_remarks

COLUMNS = {
    "TIME": np.array([START + 5.25, START + 1.5, START + 9.75]),
    "RA": np.array([83.5, 84.0, 84.5]),
    "DEC": np.array([22.0, 22.25, 21.5]),
    "ENERGY": np.array([1.0, 0.5, 8.0]),
}


def read(**changes):
    return EventList.from_hdu(run_hdus(RunFile(events=COLUMNS, **changes))["events"], "HDU EVENTS of x")


def test_values_are_those_of_the_file_in_file_order():
    events = read()
    assert len(events) == 3
    np.testing.assert_array_equal(events.time_s, COLUMNS["TIME"])
    np.testing.assert_array_equal(events.energy_tev, COLUMNS["ENERGY"])
    np.testing.assert_array_equal(events.lon, np.deg2rad(COLUMNS["RA"]))
    np.testing.assert_array_equal(events.lat, np.deg2rad(COLUMNS["DEC"]))
    assert events.energy.unit == u.TeV
    assert events.time.scale == "tt"
    assert all(array.dtype == float for array in (events.time_s, events.energy_tev, events.lon, events.lat))
    np.testing.assert_allclose(events.radec.ra.deg, COLUMNS["RA"], rtol=1e-15)


def test_units_are_converted():
    in_gev = read(units={"events": {"ENERGY": "GeV", "RA": "arcmin"}})
    np.testing.assert_allclose(in_gev.energy_tev, COLUMNS["ENERGY"] * 1e-3, rtol=1e-15)
    np.testing.assert_allclose(in_gev.lon, np.deg2rad(COLUMNS["RA"] / 60), rtol=1e-15)


def test_table_has_all_columns_with_their_units():
    table = read().table
    assert isinstance(table, Table)
    assert table.colnames == ["EVENT_ID", "TIME", "RA", "DEC", "ENERGY"]
    assert table["ENERGY"].unit == "TeV"
    np.testing.assert_array_equal(table["EVENT_ID"], [0, 1, 2])
    selected = read().select([False, True, True]).select([1])
    assert list(selected.table["EVENT_ID"]) == [2]
    np.testing.assert_array_equal(selected.energy_tev, [8.0])


def test_offset_agrees_with_astropy():
    position = SkyCoord(84, 22, unit="deg")
    events = read()
    expected = events.radec.separation(position)
    np.testing.assert_allclose(events.offset((position.ra.rad, position.dec.rad)), expected.rad, atol=1e-15)
    np.testing.assert_allclose(events.separation(position.galactic).to_value("deg"), expected.deg, atol=1e-12)


@pytest.mark.parametrize("name", ["TIME", "RA", "DEC", "ENERGY"])
def test_a_missing_column_or_unit_gets_a_sentence(name):
    with pytest.raises(DataError, match=f"HDU EVENTS of x has no column {name}; it has EVENT_ID"):
        read(without_columns={"events": (name,)})
    units = {"events": {name: None}}
    if name == "TIME":
        # TIMEUNIT of the header says it too.
        np.testing.assert_array_equal(read(units=units).time_s, COLUMNS["TIME"])
    else:
        with pytest.raises(DataError, match=f"column {name} of HDU EVENTS of x has no unit; wanted"):
            read(units=units)
    with pytest.raises(DataError, match=f"column {name} of HDU EVENTS of x has the unit 'K'; wanted"):
        read(units={"events": {name: "K"}})


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ENERGY", -1.0, "column ENERGY of HDU EVENTS of x has 2 of 3 values that are not positive"),
        ("ENERGY", 0.0, "not positive"),
        ("ENERGY", np.nan, "column ENERGY of HDU EVENTS of x has 2 of 3 values that are not finite"),
        ("TIME", np.inf, "column TIME .* not finite"),
        ("RA", np.nan, "column RA .* not finite"),
    ],
)
def test_values_that_mean_nothing_get_a_sentence(name, value, words):
    column = COLUMNS[name].copy()
    column[1:] = value
    hdu = run_hdus(RunFile(events={**COLUMNS, name: column}))["events"]
    with pytest.raises(DataError, match=words):
        EventList.from_hdu(hdu, "HDU EVENTS of x")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENERGY", 0.0),
        ("ENERGY", np.nan),
        ("ENERGY", np.inf),
        ("TIME", np.nan),
        ("TIME", 1e15),
        ("RA", np.nan),
        ("RA", -999.0),
        ("DEC", np.inf),
        ("DEC", 95.0),
    ],
)
def test_one_event_without_numbers_is_left_out_with_a_remark(name, value):
    column = COLUMNS[name].copy()
    column[1] = value
    with noted_remarks() as remarks:
        events = EventList.from_hdu(run_hdus(RunFile(events={**COLUMNS, name: column}))["events"], "x")
    assert len(events) == 2
    assert events.time_s.tolist() == COLUMNS["TIME"][[0, 2]].tolist()
    assert len(events.table) == 2
    assert f"The column {name} of x has 1 of 3 values" in remarks[0][1]


def test_coordinates_of_another_equinox_get_a_sentence():
    with pytest.raises(DataError, match=r"EQUINOX 1950\.0; wanted are coordinates of J2000"):
        read(header={"EQUINOX": 1950.0})
    assert len(read(header={"EQUINOX": "J2000.0", "RADECSYS": "FK5"})) == 3


def test_other_coordinates_get_a_sentence():
    with pytest.raises(DataError, match="RADECSYS 'FK4'; wanted is one of FK5, ICRS"):
        read(header={"RADECSYS": "FK4"})


def test_no_events_is_a_list_that_says_so():
    events = EventList.from_hdu(run_hdus(RunFile(n_events=0))["events"], "HDU EVENTS of x")
    assert events.is_empty
    assert len(events) == 0
    assert str(events) == "EventList: no events"
    assert events.table.colnames == ["EVENT_ID", "TIME", "RA", "DEC", "ENERGY"]
    with pytest.raises(DataError, match="HDU EVENTS of x has no event to plot"):
        events.plot_energy()


def test_it_says_what_it_holds():
    text = "EventList: 3 events, 0.5 to 8 TeV, 2007-05-04 19:34:25.684 to 2007-05-04 19:34:33.934 (TT)"
    assert str(read()) == text
    assert text in read()._repr_html_()


def test_plot_counts_every_event():
    import matplotlib.pyplot as plt

    ax = read().plot_energy(ax=plt.figure().gca(), bins=7, label="x")
    counts, edges, _ = ax.patches[0].get_data()
    assert counts.sum() == 3
    assert (edges[0], edges[-1]) == pytest.approx((0.5, 8.0))
    assert ax.get_legend_handles_labels()[1] == ["x"]
    plt.close(ax.figure)


def test_every_event_of_a_hess_run(hess_dl3_dr1):
    # The file as astropy reads it.
    path = hess_dl3_dr1 / "data" / "hess_dl3_dr1_obs_id_023523.fits.gz"
    table = Table.read(path, hdu="EVENTS", unit_parse_strict="silent")
    from tevcurve.files import FitsFile

    events = EventList.from_hdu(FitsFile.open(path).table("events"), "x")
    np.testing.assert_array_equal(events.time_s, table["TIME"])
    np.testing.assert_array_equal(events.energy_tev, table["ENERGY"].astype(float))
    np.testing.assert_array_equal(events.lon, np.deg2rad(table["RA"].astype(float)))
    for name in table.colnames:
        np.testing.assert_array_equal(events.table[name], table[name])


def test_identifiers_are_found_in_any_case():
    events = {name: np.repeat(values[:1], 2) for name, values in COLUMNS.items()}
    events["ENERGY"] = np.array([1.0, 2.0])
    hdu = run_hdus(RunFile(events=events))["events"]
    if "EVENT_ID" in hdu.columns.names:
        hdu.data["EVENT_ID"][:] = 7
        hdu.columns["EVENT_ID"].name = "event_id"
    with pytest.raises(DataError, match="several events at the same time"):
        EventList.from_hdu(hdu, "x")


def test_a_column_of_one_number_in_each_row_may_have_further_axes():
    column = fits.Column("ENERGY", "1D", "TeV", array=COLUMNS["ENERGY"][:, None], dim="(1)")
    assert row_values(fits.BinTableHDU.from_columns([column]), "ENERGY", "TeV", "x").shape == (3,)


def test_times_of_32_bits_are_told():
    hdu = run_hdus(RunFile(events=COLUMNS))["events"]
    with noted_remarks() as remarks:
        EventList.from_hdu(hdu, "x")
    assert not remarks
    coarse = SimpleNamespace(header=hdu.header, columns=hdu.columns, data=Coarse(hdu.data))
    with noted_remarks() as remarks:
        EventList.from_hdu(coarse, "x")
    # Mission times of 2e8 s in 32 bits.
    assert (
        "The column TIME of x has numbers of 32 bits, of which the next ones are 16 s apart" in remarks[0][1]
    )


class Coarse:
    """Rows of a table whose TIME has 32 bits."""

    def __init__(self, rows):
        self._rows = rows

    def __getitem__(self, name):
        values = self._rows[name]
        return values.astype(np.float32) if name == "TIME" else values


def test_energies_without_unit_have_that_of_the_header():
    header = {"EUNIT": "GeV"}
    events = read(units={"events": {"ENERGY": None}}, header=header)
    np.testing.assert_allclose(events.energy_tev, np.asarray(COLUMNS["ENERGY"]) / 1000, rtol=1e-6)


def test_times_without_any_unit_are_seconds_and_said(caplog):
    events = read(units={"events": {"TIME": None}}, header={"TIMEUNIT": None})
    np.testing.assert_array_equal(events.time_s, COLUMNS["TIME"])
    assert "column TIME of HDU EVENTS of x has no unit; its times are taken as seconds" in caplog.text


@pytest.mark.parametrize(("marks", "said"), [([True, True, True], 0), ([True, False, False], 1), (None, 0)])
def test_events_that_are_marked_as_others_are_told(marks, said):
    hdu = run_hdus(RunFile(events=COLUMNS))["events"]
    if marks is not None:
        columns = [*hdu.columns, fits.Column("IS_GAMMA", "L", array=np.array(marks))]
        hdu = fits.BinTableHDU.from_columns(columns, header=hdu.header)
    with noted_remarks() as remarks:
        assert len(EventList.from_hdu(hdu, "HDU EVENTS of x")) == 3
    assert [words.startswith("HDU EVENTS of x marks 2 of 3 events") for _, words in remarks] == [True] * said
