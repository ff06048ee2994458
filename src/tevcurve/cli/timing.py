"""The command `tevcurve timing`."""

from pathlib import Path
from typing import Annotated

from tevcurve.cli.outputs import Outputs
from tevcurve.cli.parameters import Option, OptionOfFile
from tevcurve.cli.results import ACCEPT_CHANGED, BAND, INSTRUMENT, OVERWRITE, RECORDS, RESULT_OR_FILE, SOURCE


def _option(help: str, metavar: str | None = None):
    """An option without a default to show."""
    return Option(help=help, metavar=metavar, show_default=False)


def timing(
    result: RESULT_OR_FILE,
    test: Annotated[
        list[str] | None,
        _option(
            help="What is asked, one of those above; may be given several times. Default: those with a star.",
            metavar="NAME",
        ),
    ] = None,
    band: BAND = None,
    instrument: INSTRUMENT = None,
    toys: Annotated[
        int | None,
        Option(help="The most toys of a test, 0 for none; default: its own.", min=0, show_default=False),
    ] = None,
    seed: Annotated[
        int | None, Option(help="Seed of the toys; default: 0.", min=0, show_default=False)
    ] = None,
    frequencies: Annotated[
        str | None,
        _option(help='Of periods, as "linspace(0.1 Hz, 10 Hz, 2000)", or a list of them.', metavar="TEXT"),
    ] = None,
    model: Annotated[
        str | None, _option(help='Of the power spectrum: "power law" (default) or "bending".')
    ] = None,
    noise: Annotated[
        str | None, _option(help='Beside a period over rows: "red" (default) or "white".')
    ] = None,
    harmonics: Annotated[int | None, _option(help="Of z-n-search; default: 2.")] = None,
    other: Annotated[
        Path | None,
        OptionOfFile(
            help="Another series for lags: a result, where it is of two instruments the one that is not asked for, "
            "a light curve, or a table with time (MJD in TT), flux, flux_err.",
            metavar="RESULT",
            show_default=False,
            takes=("file", "result", "catalogue"),
        ),
    ] = None,
    bands: Annotated[
        str | None, _option(help="Numbers of the two energy bands of a lag, as 0,1.", metavar="N,M")
    ] = None,
    max_lag: Annotated[str | None, _option(help="The largest lag, as 10min.")] = None,
    kind: Annotated[str | None, _option(help='Of the cross-correlation: "dcf" (default) or "iccf".')] = None,
    output: RECORDS = None,
    plot: Annotated[Path | None, _option(help="File to draw the tests into, .png, .pdf or .svg.")] = None,
    overwrite: OVERWRITE = False,
    source: SOURCE = None,
    accept_changed: ACCEPT_CHANGED = False,
):
    """The time domain: power spectrum, periods, tests by the times of events, lags, each with a figure.

    Those with a star are made where none is asked for: they say something of every light curve (a lag, where there are
    two bands or another series). Which is for which question, and what not to believe, says the guide.

    \b
    power-spectrum *      the power spectrum, and the flux between rows
    lomb-scargle *        a period longer than two rows, beside red noise
    gregory-loredo *      variability by the times of events
    structure-function    how far fluxes are apart after some time
    time-lag *            the lag behind another series or band
    cross-correlation     how alike two series are at each lag
    z-n-search            a period shorter than a run, in few harmonics
    htest                 a period shorter than a run, of any shape

    \b
    tevcurve timing crab
    tevcurve timing crab --plot crab-timing.png -o crab-timing.json
    tevcurve timing crab --test power-spectrum --model bending
    tevcurve timing crab --test htest --frequencies "linspace(29 Hz, 31 Hz, 2000)"
    tevcurve timing pks --test time-lag --other x-rays.ecsv --max-lag 1h
    """
    outputs = Outputs.of(plot=plot, overwrite=overwrite, records=output)
    from tevcurve.cli.on_timing import print_timing

    options = {
        "band": band,
        "n_toys": toys,
        "random_state": seed,
        "frequencies": frequencies,
        "model": model,
        "noise": noise,
        "nharm": harmonics,
        "other": other,
        "bands": bands,
        "max_lag": max_lag,
        "kind": kind,
    }
    return print_timing(result, test, options, instrument, outputs, accept_changed, source)
