"""Draws the boards on live data, for people to look at: `python -m tests.dashboards.draw.draw_boards FOLDER`.

It starts the sandbox and a Prometheus, asks it every query, and draws the answers in Chromium with Grafana's own parts,
in both themes and at two widths. npm packages go to a folder of their own beside the pictures.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

from playwright.async_api import Browser

from tests.support.chromium import chromium
from tests.support.dashboard_examples import rules_into
from tests.support.grafana_boards import BOARDS, Json
from tests.support.prometheus_servers import prometheus
from tests.support.prometheus_source import EVERYTHING, Source
from tests.support.sandbox_process import mailpath

HERE = Path(__file__).parent
COMPANIES = ("granite", "umberland", "birchline")  # stopped; muted, and of the probe only; well
SECONDS = 150.0  # of history
STEP = 5.0
TIMES = {"__range": f"{SECONDS:.0f}s", "__interval": "15s", "__rate_interval": "20s"}
STACKED = 769  # narrower boards have one column
LOOKS = (("dark", 1440), ("light", 1440), ("light", 420), ("dark", 420))
PICTURES = (("overview", ""), ("sender", ""), ("itself", ""), *(("company-own", each) for each in COMPANIES))
PROMETHEUS = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
rule_files: ["*.rules.yml"]
scrape_configs: [{{job_name: mailpath, static_configs: [{{targets: ["{target}"]}}]}}]
"""
PAGE = """<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="board.css">
<body style="margin:0"><div id="board"></div><script>window.DRAWING = {drawing}</script><script src="board.js"></script>
"""
PRODUCTION = '--define:process.env.NODE_ENV="production"'
LOADERS = ("--loader:.svg=dataurl", "--loader:.woff2=dataurl", "--loader:.ttf=empty")


def answers_of(folder: Path, seconds: float) -> Json:
    """What a Prometheus says to all boards after it has watched the sandbox for so long."""
    folder.mkdir(exist_ok=True)
    with mailpath(folder) as url:
        rules_into(folder, interval="1s")
        with prometheus(PROMETHEUS.format(target=url.removeprefix("http://")), folder) as server:
            source = Source(server)
            time.sleep(seconds)
            source.until("mailpath_path_outcome")
            return {f"{board}{'-' * bool(key)}{key}": _answers(source, board, key) for board, key in PICTURES}


def _answers(source: Source, name: str, company: str) -> Json:
    chosen = EVERYTHING | TIMES | ({"company": company} if company else {})
    answers = {
        f"{panel['id']}/{target['refId']}": source.answer(target, chosen, SECONDS, STEP)
        for panel in BOARDS[name]["panels"]
        for target in panel.get("targets", ())
    }
    moment = source.moment * 1000
    infos = source.get("query", query="mailpath_company_info", time=source.moment)["result"]
    names = {one["metric"]["company"]: one["metric"]["name"] for one in infos}
    shown = {"company": names[company]} if company else {}
    return {
        "board": BOARDS[name],
        "names": shown,
        "answers": answers,
        "variables": chosen,
        "from": moment - SECONDS * 1000,
        "to": moment,
    }


def bundle(folder: Path) -> None:
    """Install the npm packages into this folder, and make one script of them and the drawing."""
    folder.mkdir(exist_ok=True)
    shutil.copy(HERE / "package.json", folder)
    quiet = ("--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    subprocess.run(("npm", "install", *quiet), cwd=folder, check=True)
    modules = folder / "node_modules"
    esbuild = (modules / ".bin" / "esbuild", HERE / "board.jsx", "--bundle", "--jsx=automatic", "--log-level=error")
    subprocess.run(
        (*esbuild, PRODUCTION, f"--outfile={folder / 'board.js'}", *LOADERS),
        cwd=folder,
        env=os.environ | {"NODE_PATH": str(modules)},
        check=True,
    )


async def draw(folder: Path, scripts: Path, found: Json) -> None:
    """Draw each board in each look."""
    async with chromium() as browser:
        for name, answers in found.items():
            for theme, width in LOOKS:
                await _draw(browser, folder / f"{name}-{theme}-{width}.png", scripts, answers | {"theme": theme}, width)


async def _draw(browser: Browser, file: Path, scripts: Path, answers: Json, width: int) -> None:
    drawing = json.dumps(answers).replace("</", "<\\/")
    page_file = scripts / "page.html"
    page_file.write_text(PAGE.format(drawing=drawing))
    page = await browser.new_page(viewport={"width": width, "height": 3600 if width < STACKED else 2400})
    page.on("pageerror", lambda error: print(file.name, error))
    page.on(
        "console",
        lambda said: (
            print(file.name, said.text[:300])
            if said.type == "error" and "ERR_" not in said.text and "CORS" not in said.text
            else None
        ),
    )
    await page.goto(page_file.as_uri())
    await page.wait_for_function("document.querySelectorAll('section').length > 3")
    await page.wait_for_timeout(1500)  # graphs are drawn on canvases, which announce nothing
    await page.screenshot(path=file, full_page=True)
    await page.close()
    print(file)


def main() -> None:
    """Draw all, or again from the answers of the last time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--again", action="store_true", help="draw the answers of the last time")
    given = parser.parse_args()
    folder: Path = given.folder
    folder.mkdir(parents=True, exist_ok=True)
    kept, scripts = folder / "answers.json", folder / "scripts"
    if not given.again:
        kept.write_text(json.dumps(answers_of(folder / "sandbox", SECONDS)))
    bundle(scripts)
    asyncio.run(draw(folder, scripts, json.loads(kept.read_text())))


if __name__ == "__main__":
    main()
