"""lightweight-charts in Chromium without a screen: fetched by npm for the run, measured by a page."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.benchmarks.gestures import SIZE, views
from tests.benchmarks.peers import PATIENCE_SECONDS, Told

FETCH_SECONDS = 60.0
LIBRARY = "lightweight-charts@5"
SCRIPT = Path("node_modules/lightweight-charts/dist/lightweight-charts.standalone.production.js")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

PAGE = """<!doctype html><body style="margin:0"><div id="chart"></div><script src="chart.js"></script><script>
const frame = () => new Promise(done => requestAnimationFrame(done));
async function measure() {
  const columns = new Float64Array(await (await fetch("bars.bin")).arrayBuffer());
  const times = new BigInt64Array(columns.buffer);
  const views = await (await fetch("views.json")).json();
  const count = columns.length / 6, bars = new Array(count);
  for (let at = 0; at < count; at++) bars[at] = {
    time: Number(times[at]) / 1e6, open: columns[count + at], high: columns[2 * count + at],
    low: columns[3 * count + at], close: columns[4 * count + at],
  };
  const box = document.getElementById("chart");
  const started = performance.now();
  const chart = LightweightCharts.createChart(box, {width: WIDTH, height: HEIGHT, timeScale: {
    minBarSpacing: 1e-6, enableConflation: true,
  }});
  const candles = chart.addSeries(LightweightCharts.CandlestickSeries);
  candles.setData(bars);
  chart.timeScale().fitContent();
  await frame(); await frame();
  const load = performance.now() - started;
  const took = [];
  let before = await frame();
  for (const [first, last] of views) {
    chart.timeScale().setVisibleLogicalRange({from: first, to: last});
    const now = await frame();
    took.push(now - before);
    before = now;
  }
  return {load: load / 1000, took: took.map(each => each / 1000)};
}
measure().then(told => fetch("told", {method: "POST", body: JSON.stringify(told)}));
</script></body>"""


class _Page(SimpleHTTPRequestHandler):
    """Gives the files of the folder and hears what the page found."""

    def __init__(self, *arguments: object, answers: queue.Queue[bytes], **named: object) -> None:
        self._answers = answers
        super().__init__(*arguments, **named)  # type: ignore[arg-type]

    def do_POST(self) -> None:
        self._answers.put(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def lightweight_charts(columns: bytes, bars: int) -> Told:
    """What the page measured with these columns, or in words why there is nothing."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        return "without Chromium"
    npm = shutil.which("npm")
    if npm is None:
        return "without npm"
    # A browser that is ended may still be writing into its folder.
    with tempfile.TemporaryDirectory(prefix="puffling-benchmark-", ignore_cleanup_errors=True) as kept:
        folder = Path(kept)
        fetch = [npm, "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", kept]
        try:
            subprocess.run([*fetch, LIBRARY], check=True, capture_output=True, timeout=FETCH_SECONDS)
            (folder / SCRIPT).rename(folder / "chart.js")
        except (OSError, subprocess.SubprocessError):
            return "not to be had from npm"
        (folder / "bars.bin").write_bytes(columns)
        (folder / "views.json").write_text(json.dumps(views(bars)))
        page = PAGE.replace("WIDTH", str(SIZE[0])).replace("HEIGHT", str(SIZE[1]))
        (folder / "index.html").write_text(page)
        return _measured(browser, folder)


def _measured(browser: str, folder: Path) -> Told:
    answers: queue.Queue[bytes] = queue.Queue()
    with ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(_Page, answers=answers, directory=str(folder))
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        command = [
            browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
            f"--window-size={SIZE[0]},{SIZE[1]}", f"--user-data-dir={folder / 'profile'}",
            f"http://127.0.0.1:{server.server_port}/index.html",
        ]  # fmt: skip
        quiet = subprocess.DEVNULL
        # A session of its own: the browser is many processes, and all of them have to end.
        with subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True) as running:
            try:
                told = json.loads(answers.get(timeout=PATIENCE_SECONDS))
            except queue.Empty:
                return f"not done after {PATIENCE_SECONDS:.0f} s"
            finally:
                os.killpg(running.pid, signal.SIGTERM)
                server.shutdown()
    took = sorted(told["took"])
    return {
        "load": told["load"],
        "frame": took[len(took) // 2],
        "worst": took[-1],
        "p95": took[int(0.95 * len(took))],
    }
