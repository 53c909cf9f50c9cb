"""A headless Chromium that a test talks to over two pipes, with the standard library alone."""

from __future__ import annotations

import json
import os
import select
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools import require_tool

PATIENCE = 60.0
"""Seconds after which a browser that does not answer is given up."""


class PageError(AssertionError):
    """A script of the page, or one that a test put to it, has failed."""


class Browser:
    """One tab. ``complaints``: what the page wrote to its console as an error or a warning, and what it threw."""

    def __init__(self, sending: int, receiving: int) -> None:
        self.sending, self.receiving = sending, receiving
        self.pending = b""
        self.count = 0
        self.session = ""
        self.events: list[dict[str, Any]] = []
        self.complaints: list[str] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")
        self.requests: list[str] = []

    # ---- the pipe
    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.sending, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise PageError(f"{method}: {answer['error']}")
                return dict(answer["result"])

    def receive(self) -> dict[str, Any]:
        late = time.monotonic() + PATIENCE
        while b"\0" not in self.pending:
            ready, _, _ = select.select([self.receiving], [], [], max(0.0, late - time.monotonic()))
            if not ready:
                raise TimeoutError("the browser does not answer")
            read = os.read(self.receiving, 1 << 20)
            if not read:
                raise ConnectionError("the browser has gone")
            self.pending += read
        whole, _, self.pending = self.pending.partition(b"\0")
        message: dict[str, Any] = json.loads(whole)
        self.note(message)
        return message

    def note(self, message: dict[str, Any]) -> None:
        name, told = message.get("method"), message.get("params", {})
        if name == "Runtime.exceptionThrown":
            details = told["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description") or details["text"])
        elif name == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
            self.complaints.append(" ".join(str(each.get("value", "")) for each in told["args"]))
        elif name == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            self.complaints.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
        elif name == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        if name:
            self.events.append(message)

    # ---- the page
    def open(self, address: str | Path) -> None:
        url = address.resolve().as_uri() if isinstance(address, Path) else address
        self.events.clear()
        answer = self.ask("Page.navigate", url=url)
        assert not answer.get("errorText"), answer
        self.loaded()

    def loaded(self) -> None:
        """Waits until a page has come in whole."""
        while not any(each["method"] == "Page.loadEventFired" for each in self.events):
            self.receive()

    def run(self, script: str) -> Any:
        """The value of an expression in the page; a promise is waited for."""
        answer = self.ask(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True, userGesture=True
        )
        if "exceptionDetails" in answer:
            raise PageError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def size(self, width: int, height: int = 900, *, dark: bool = False) -> None:
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])

    def media(self, kind: str) -> None:
        self.ask("Emulation.setEmulatedMedia", media=kind)

    def scripts(self, allowed: bool) -> None:
        self.ask("Emulation.setScriptExecutionDisabled", value=not allowed)

    def type(self, text: str) -> None:
        self.ask("Input.insertText", text=text)

    def click(self, selector: str) -> None:
        """A press of the mouse in the middle of an element, which has to be the one that is hit there."""
        where = self.run(
            f"""(() => {{
              const element = document.querySelector({json.dumps(selector)});
              element.scrollIntoView({{ block: "center", behavior: "instant" }});
              const box = element.getBoundingClientRect();
              const x = box.left + box.width / 2, y = box.top + box.height / 2;
              return [x, y, element.contains(document.elementFromPoint(x, y))];
            }})()"""
        )
        x, y, hit = where
        assert hit, f"{selector} is covered by something else"
        self.ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def follow(self, selector: str) -> None:
        """Clicks a link and waits for the page that it leads to."""
        self.events.clear()
        self.click(selector)
        self.loaded()


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with a profile of its own, ended with the block."""
    program = require_tool("chromium", "chromium-browser", "google-chrome")
    to_browser, from_test = os.pipe()
    to_test, from_browser = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [
            program,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-extensions",
            "--disable-background-networking",
            "--remote-debugging-pipe",
            f"--user-data-dir={profile}",
        ]
        # The browser reads on 3 and writes on 4.
        script = f'exec "$@" 3<&{to_browser} 4>&{from_browser}'
        running = subprocess.Popen(
            ["bash", "-c", script, "chromium", *command],
            pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        try:
            yield Browser(from_test, to_test)
        finally:
            running.terminate()
            try:
                running.wait(10)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
            os.close(from_test)
            os.close(to_test)
