"""Opens a trace's page in headless Chromium and tells whether it works.

usage: page.py CHROMIUM PAGE

The page shows the trace of `tests/it/query/page.rs`. Chromium is spoken to over a pair of pipes, so that nothing but
Python's own library is needed. Every check that fails is a line on stderr; the exit code is 1 then.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

SPANS, ERRORS = 300, 3


class Chromium:
    """A headless browser with one page, over the pipe of the DevTools protocol: messages end with a zero byte."""

    def __init__(self, program, size=(1280, 900), timeout=60):
        to_browser, commands = os.pipe()
        messages, from_browser = os.pipe()
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        command = [program, "--headless", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe"]
        command += [f"--user-data-dir={self.profile.name}", f"--window-size={size[0]},{size[1]}", "about:blank"]
        if os.geteuid() == 0:
            command.insert(1, "--no-sandbox")
        # The browser reads commands from descriptor 3 and writes messages to 4.
        redirected = ["sh", "-c", f'exec "$@" 3<&{to_browser} 4>&{from_browser}', "sh", *command]
        self.process = subprocess.Popen(redirected, stderr=subprocess.DEVNULL, pass_fds=[to_browser, from_browser])
        os.close(to_browser)
        os.close(from_browser)
        self.commands, self.messages = os.fdopen(commands, "wb"), os.fdopen(messages, "rb")
        self.watchdog = threading.Timer(timeout, self.process.kill)
        self.watchdog.start()
        self.last, self.unread, self.events, self.session = 0, b"", [], None
        target = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log", "Network"]:
            self.call(f"{domain}.enable")

    def close(self):
        self.watchdog.cancel()
        self.process.kill()
        self.process.wait()
        self.profile.cleanup()

    def receive(self):
        while b"\0" not in self.unread:
            read = os.read(self.messages.fileno(), 1 << 20)
            if not read:
                raise EOFError("Chromium went away")
            self.unread += read
        message, self.unread = self.unread.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        self.commands.write(json.dumps(message).encode() + b"\0")
        self.commands.flush()
        while True:
            message = self.receive()
            if message.get("id") == self.last:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def open(self, path, fragment=""):
        self.call("Page.navigate", url=pathlib.Path(path).absolute().as_uri() + fragment)
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self.receive())

    def value(self, expression):
        """What an expression in the page is, once two frames have been drawn."""
        frames = "await new Promise(requestAnimationFrame); await new Promise(requestAnimationFrame);"
        script = f"(async () => {{ {frames} return {expression} }})()"
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def key(self, key, text=None):
        text = key if text is None and len(key) == 1 else text
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def drag(self, selector, start, end):
        """Presses the button at one place of an element and releases it at another, in parts of its width."""
        rectangle = f"document.querySelector({json.dumps(selector)}).getBoundingClientRect().toJSON()"
        box = self.value(rectangle)
        for kind, part in [("mousePressed", start), ("mouseMoved", end), ("mouseReleased", end)]:
            at = {"x": box["x"] + part * box["width"], "y": box["y"] + box["height"] / 2}
            self.call("Input.dispatchMouseEvent", type=kind, button="left", buttons=1, clickCount=1, **at)

    def click(self, selector):
        self.drag(selector, 0.5, 0.5)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def complaints(self):
        """Errors that the console shows, and requests for anything but the page itself."""
        for event in self.events:
            parameters = event.get("params", {})
            if event.get("method") == "Runtime.exceptionThrown":
                yield parameters["exceptionDetails"].get("exception", {}).get("description", "exception")
            elif event.get("method") == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning"):
                yield json.dumps(parameters["args"])
            elif event.get("method") == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
                yield parameters["entry"]["text"]
            elif event.get("method") == "Network.requestWillBeSent":
                url = parameters["request"]["url"]
                if not url.startswith(("file:", "data:")):
                    yield f"loads {url}"


class Checks:
    def __init__(self):
        self.failed = 0

    def equal(self, what, found, expected):
        if found != expected:
            self.failed += 1
            print(f"{what}: {found!r} instead of {expected!r}", file=sys.stderr)

    def true(self, what, found):
        self.equal(what, bool(found), True)


ROWS = "Number(document.getElementById('tree').getAttribute('aria-rowcount'))"
ACTIVE = "document.querySelector('.row.active .label')?.textContent"


def check(browser, page, checks):
    browser.open(page)
    checks.equal("title", browser.value("document.getElementById('title').textContent"), "shop GET /cart")
    checks.equal("rows", browser.value(ROWS), SPANS)
    in_document = browser.value("document.querySelectorAll('.row').length")
    checks.true(f"only rows in sight are in the document ({in_document})", 10 < in_document < 100)
    checks.equal("no script of the trace ran", browser.value("typeof stolen"), "undefined")

    # The root is folded by its button and unfolded by a key.
    browser.click("#row-0 .fold")
    checks.equal("rows, root folded", browser.value(ROWS), 1)
    checks.equal("expanded", browser.value("document.getElementById('row-0').ariaExpanded"), "false")
    browser.key("ArrowRight")
    checks.equal("rows, root unfolded", browser.value(ROWS), SPANS)

    # Keys move; Enter opens the details.
    browser.key("j")
    checks.equal("the second row", browser.value(ACTIVE), "shop</script>step 1")
    browser.key("Enter", "\r")
    cells = browser.value("[...document.querySelectorAll('.details td')].map(cell => cell.innerText)")
    checks.true(f"an attribute with its value in {cells}", "9007199254740993" in cells)
    checks.true("markup is text", "<img src=x onerror='stolen=1'>" in cells)
    checks.equal("link", browser.value("location.hash"), "#span=0000000000000002")
    browser.key("Enter", "\r")
    checks.equal("details closed", browser.value("document.querySelectorAll('.details').length"), 0)

    # A search counts, dims the rest, and leads to rows far away.
    browser.key("/", "")
    browser.type("http.route=/items/299")
    checks.equal("hits", browser.value("document.getElementById('hits').textContent"), "1 hit")
    checks.true("others are dimmed", browser.value("document.querySelectorAll('.row.dim').length") == in_document)
    browser.key("Enter", "\r")
    checks.equal("the hit", browser.value(ACTIVE), "shop</script>step 299")
    checks.true("the hit is in sight", browser.value("document.querySelector('.row.active').getBoundingClientRect().bottom < innerHeight"))
    browser.key("Escape")
    browser.type("status=error kind=internal")
    browser.key("Enter", "\r")
    checks.equal("round to the first hit", browser.value("document.getElementById('hits').textContent"), "1 of 3 hits")
    browser.key("Enter", "\r")
    checks.equal("the second hit", browser.value(ACTIVE), "shop</script>step 200")
    browser.key("Escape")
    browser.key("Escape")
    checks.equal("search left", browser.value("document.querySelectorAll('.row.dim').length"), 0)

    browser.key("e")
    checks.equal("the next error", browser.value(ACTIVE), "shop</script>step 299")
    browser.key("e")
    checks.equal("the first error, round the end", browser.value(ACTIVE), "shop</script>step 100")
    browser.key("x")
    checks.equal("errors and the root", browser.value(ROWS), ERRORS + 1)
    browser.key("z")
    checks.true("zoomed", browser.value("!document.getElementById('reset').hidden"))
    browser.key("Escape")
    checks.true("zoom left", browser.value("document.getElementById('reset').hidden"))
    browser.drag("#minimap", 0.5, 0.6)
    checks.equal("the first tick, zoomed", browser.value("document.querySelector('#ticks span').textContent"), "150 µs")
    browser.drag("#split", 0.5, 20)
    checks.true("names are wider", browser.value("document.getElementById('split').ariaValueNow > 45"))
    checks.equal("complaints", list(browser.complaints()), [])


def main():
    program, page = sys.argv[1:]
    browser, checks = Chromium(program), Checks()
    try:
        check(browser, page, checks)
    finally:
        browser.close()
    sys.exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()
