"""A browser that opens pages, and tells what happened in it."""

import json
import shutil
import time
from contextlib import contextmanager

import pytest

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


class Pages:
    """A browser, and what happened in it."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, path):
        """Opens a page and waits until its figures are drawn."""
        self.visit(path.as_uri())
        self.wait("document.documentElement.dataset.state !== 'drawing'")
        assert self.run("document.documentElement.dataset.state") == "ready", self.console()

    def visit(self, address):
        """Opens any page; what happened before is forgotten."""
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(address)

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


@contextmanager
def opened_browser(folder):
    """A context that gives `Pages` in headless Chromium, which keeps its own files in a folder."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver_path = shutil.which("chromedriver")
    if not chromium or not driver_path:
        pytest.skip("There is no Chromium with its chromedriver here, in which pages would be opened.")
    webdriver = pytest.importorskip("selenium.webdriver", reason="Pages are opened through selenium.")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver_path))
    try:
        yield Pages(driver)
    finally:
        driver.quit()
