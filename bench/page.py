"""The page of a light curve of very many rows: its size, its elements, and the time in which a browser opens it.

    python bench/page.py --rows 20000 [--checkout path/to/another]      # needs Chromium, chromedriver and selenium

The light curve is drawn at random, so that nothing but the page is timed: minutes in nights of 300, as many limits as
there are TS below 4. Times are those of the processor in the page's main thread (`threadTicks` of Chromium): of a
browser's first page, in which plotly's script is compiled, and the mean of three later ones. A page of 12 rows stands
beside it.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve()


def drawn_light_curve(n_rows):
    """A `LightCurve` of minutes."""
    from astropy.time import Time

    from tevcurve import LightCurve

    draw, number = np.random.default_rng(1), np.arange(n_rows)
    start = 60000 + number / 1440 + 0.8 * (number // 300)
    start, stop = (Time(each, format="mjd", scale="tt") for each in (start, start + 1 / 1440))
    norm = draw.gamma(4.0, 0.25, n_rows)
    error = 0.3 * np.sqrt(norm)
    norms = {"norm": norm, "norm_err": error, "norm_errn": 0.95 * error, "norm_errp": 1.05 * error}
    norms["norm_ul"] = norm + 2 * error
    table = LightCurve.from_arrays(start, stop, 2, 1, 10, {"ref_flux": 1e-11}, norms).table
    table["ts"], table["counts"] = draw.chisquare(8, n_rows), draw.poisson(20.0, n_rows) * 1.0
    table["livetime"], table["status"] = 57.3, "ok"
    return LightCurve(table)


def write(n_rows, path):
    """Writes the page and prints the processor seconds that this takes."""
    from tevcurve.report import write_report

    light_curve, start = drawn_light_curve(n_rows), time.process_time()
    write_report(light_curve, path)
    print(f"{time.process_time() - start:.2f}")


def opened(pages, path):
    """(processor seconds in the page's thread, number of elements) of a page that is opened."""

    def spent():
        metrics = pages.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")

    pages.visit("about:blank")
    before = spent()
    pages.open(path)
    return spent() - before, pages.run("document.getElementsByTagName('*').length")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20000)
    parser.add_argument("--checkout", type=Path, default=HERE.parents[1])
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    if arguments.write:
        write(arguments.rows, arguments.write)
        return
    sys.path.insert(0, str(HERE.parents[1] / "tests" / "support"))
    from browser import opened_browser

    environment = os.environ | {"PYTHONPATH": str(arguments.checkout / "src")}
    with tempfile.TemporaryDirectory() as folder:
        for n_rows in (12, arguments.rows):
            path = Path(folder) / f"{n_rows}.html"
            command = [sys.executable, str(HERE), "--rows", str(n_rows), "--write", str(path)]
            made = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
            with tempfile.TemporaryDirectory() as own, opened_browser(own) as pages:
                pages.driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
                (first, elements), *later = (opened(pages, path) for _ in range(4))
            print(
                f"{n_rows} rows: written in {made.strip()} s, {path.stat().st_size / 1e6:.2f} MB, {elements} elements, "
                f"opened first in {first:.2f} s, later in {np.mean([seconds for seconds, _ in later]):.2f} s"
            )


if __name__ == "__main__":
    main()
