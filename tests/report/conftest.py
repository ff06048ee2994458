"""Light curves of the demo night, and a browser that opens pages of them."""

import json
import shutil
import time
from dataclasses import replace

import astropy.units as u
import pytest

from tevcurve import PowerLaw, light_curve
from tevcurve.demo import POSITION, demo_observations
from tevcurve.lightcurve.bins import by_run, by_width
from tevcurve.problems import Problem
from tevcurve.run_id import RunId

HOSTILE = '<script>window.harm = 1</script> & "Crab\'s" </script>'
HOSTILE_REASON = 'the file "</script><img src=x onerror=alert(1)>" is not whole'
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1200,900",
)


@pytest.fixture(scope="session")
def night():
    """The light curve of the demo night by runs, in one band."""
    return light_curve(
        demo_observations(), POSITION, by_run(), energy_edges=[0.5, 10] * u.TeV, spectrum=PowerLaw(index=2.6)
    )


@pytest.fixture(scope="session")
def bands(night):
    """The same in short bins of three bands, many of them limits, with a hostile name and a failed run."""
    curve = night.rebin(by_width("4 min"), energy_edges=[0.5, 1, 3, 10] * u.TeV)
    table = curve.table.copy()
    table.meta["source"] = HOSTILE
    failed = (Problem(RunId.of(77), "aeff", HOSTILE_REASON),)
    ledger, origin = (replace(each, failed=failed) for each in (curve.ledger, curve.origin))
    return replace(curve, table=table, ledger=ledger, origin=origin)


class Pages:
    """A browser, and what happened in it."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, path):
        """Opens a page and waits until its figures are drawn."""
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(path.as_uri())
        self.wait("document.documentElement.dataset.state !== 'drawing'")
        assert self.run("document.documentElement.dataset.state") == "ready", self.console()

    def run(self, expression):
        return self.driver.execute_script(f"return {expression};")

    def wait(self, expression, seconds=60):
        end = time.monotonic() + seconds
        while not self.run(expression):
            assert time.monotonic() < end, f"{expression} did not become true in {seconds} s"
            time.sleep(0.05)

    def console(self):
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self):
        """Addresses of all requests since the page was opened."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        sent = [one["params"] for one in messages if one["method"] == "Network.requestWillBeSent"]
        return [one["request"]["url"] for one in sent]


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """`Pages` in headless Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver_path = shutil.which("chromedriver")
    if not chromium or not driver_path:
        pytest.skip("There is no Chromium with its chromedriver here, in which the report would be opened.")
    webdriver = pytest.importorskip("selenium.webdriver", reason="The report is opened through selenium.")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver_path))
    try:
        yield Pages(driver)
    finally:
        driver.quit()
