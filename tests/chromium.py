"""Open pages in headless Chromium, and hear what they say and ask for."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
CHROMEDRIVER = Path("/usr/bin/chromedriver")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars",
    "--force-device-scale-factor=1", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
LONGEST_WAIT_S = 20.0


@dataclass(frozen=True)
class Page:
    """A page in the browser."""

    driver: Any

    def open(self, path: Path) -> None:
        self.driver.get(path.resolve().as_uri())

    def run(self, script: str, *arguments: object) -> Any:
        """Run a script in the page and return what it returns."""
        return self.driver.execute_script(script, *arguments)

    def wait_until(self, script: str) -> Any:
        """Wait until a script returns something true, and return it."""
        end = time.monotonic() + LONGEST_WAIT_S
        while True:
            answer = self.run(script)
            if answer or time.monotonic() > end:
                return answer
            self.run("return new Promise(function (done) { setTimeout(done, 30); })")

    def settle(self) -> None:
        """Wait for two frames: the canvas is drawn."""
        self.driver.execute_async_script(
            "var done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()));"
        )

    def resize(self, width: int, height: int) -> None:
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )
        self.settle()

    def picture(self, path: Path) -> Path:
        self.settle()
        path.write_bytes(self.driver.get_screenshot_as_png())
        return path

    def console(self) -> list[str]:
        """Return what the console heard since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Return every address asked for since the last call."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]


@contextlib.contextmanager
def chromium(folder: Path, *, width: int = 1440, height: int = 900) -> Iterator[Page]:
    """Start a browser with a fresh profile in `folder`; skip the test where there is none."""
    selenium = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    if not (CHROMIUM.exists() and CHROMEDRIVER.exists()):
        pytest.skip(f"{CHROMIUM} or {CHROMEDRIVER} is absent")
    options = selenium.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={folder}", f"--window-size={width},{height}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = selenium.Chrome(options=options, service=selenium.ChromeService(executable_path=str(CHROMEDRIVER)))
    try:
        page = Page(driver)
        driver.get("about:blank")
        page.resize(width, height)
        page.console(), page.requests()
        yield page
    finally:
        driver.quit()
