"""Somebody at a browser: a real Chromium, in which nothing that goes wrong stays unnoticed."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Page, Request, Response, async_playwright

from tests.support.browser_service import WORDS

CHROMIUM = "chromium"
AXE = Path(__file__).parents[1] / "browser" / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = os.environ.get("MAILPATH_SHOTS")
"""A folder, outside of the repository: there each page is drawn in both themes and widths, for people to look at."""

PATIENCE = 30_000.0  # milliseconds: the machine is shared with others
NARROW, WIDE, HIGH = 360, 1280, 800
LOOKS = tuple((theme, width) for theme in ("light", "dark") for width in (WIDE, NARROW))
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LISTEN = """addEventListener("securitypolicyviolation", (event) =>
    console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));"""
SPILLS = """() => document.documentElement.scrollWidth
  - Math.round(document.documentElement.getBoundingClientRect().width)"""
"""Not `innerWidth`: that includes the room that is kept free for a scroll bar."""

JUDGE = """async (standards) => {
  const told = await axe.run(document, { runOnly: standards, resultTypes: ["violations"] });
  return told.violations.map((each) => `${each.id}: ${each.help}\\n` +
    each.nodes.slice(0, 3).map((node) => `  ${node.html.slice(0, 200)}\\n  ${node.failureSummary}`).join("\\n"));
}"""


def obstacle() -> str | None:
    """Why there can be no such browser here, if there cannot."""
    if shutil.which(CHROMIUM) is None:
        return "the tests of the pages need Chromium, see tests/lab/install.sh"
    return None if AXE.exists() else "the tests of the pages need axe-core, see tests/browser/install.sh"


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium, at work as long as the block lasts."""
    program = shutil.which(CHROMIUM)
    async with async_playwright() as control:
        browser = await control.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            await browser.close()


class BrowserTab:
    """A window of its own, with its own cookies. `complaints` is all that went wrong in it so far."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.expected: set[int] = set()  # statuses that are no complaint
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    @classmethod
    @asynccontextmanager
    async def at(cls, browser: Browser, url: str, **options: Any) -> AsyncIterator["BrowserTab"]:
        """Somebody new, who came by no link yet."""
        context = await browser.new_context(base_url=url, **({"viewport": {"width": WIDE, "height": HIGH}} | options))
        context.set_default_timeout(PATIENCE)
        try:
            await context.add_init_script(LISTEN)
            yield cls(await context.new_page())
        finally:
            await context.close()

    async def accept(self, link: str) -> None:
        """Set the password that everybody has here, and be signed in."""
        await self.page.goto(link)
        await self.page.get_by_label("Password", exact=True).fill(WORDS)
        await self.page.get_by_label("Repeat password").fill(WORDS)
        await self.page.get_by_role("button", name="Set password and sign in").click()
        await self.page.wait_for_url("**/")

    async def sign_in(self, name: str, password: str = WORDS) -> None:
        """Fill in the form that is there, and send it."""
        await self.page.get_by_label("Name").fill(name)
        await self.page.get_by_label("Password").fill(password)
        await self.page.get_by_role("button", name="Sign in").click()

    async def first(self, pattern: str) -> str:
        """Where the first link leads that fits this CSS pattern."""
        href = await self.page.locator(pattern).first.get_attribute("href")
        assert href
        return href

    async def violations(self) -> list[str]:
        """What axe finds on the page as it is now."""
        if not await self.page.evaluate("() => 'axe' in window"):
            await self.page.evaluate(_axe())
        found: list[str] = await self.page.evaluate(JUDGE, STANDARDS)
        return found

    async def looks(self, name: str) -> AsyncIterator[str]:
        """In each theme and width, one after the other; drawn into a file of this name where that is wanted."""
        for theme, width in LOOKS:
            await self.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            await self.page.set_viewport_size({"width": width, "height": HIGH})
            await self.draw(f"{name}-{width}-{theme}")
            yield f"{name} {theme} {width}"

    async def draw(self, name: str) -> None:
        """The page as it is now, into a file of this name, where that is wanted."""
        if SHOTS:
            await self.page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True, animations="disabled")

    async def flaws(self, name: str) -> list[str]:
        """What is wrong with the page as it is now, in any theme and width, for anybody."""
        found = []
        async for look in self.looks(name.replace(" ", "-")):
            found += [f"{look}: {each}" for each in await self.violations()]
            if spills := await self.spills():
                found.append(f"{look}: is {spills} px wider than its window")
        await self.page.set_viewport_size({"width": WIDE, "height": HIGH})
        return found

    async def spills(self) -> int:
        """By how many pixels the page is wider than its window."""
        wider: int = await self.page.evaluate(SPILLS)
        return max(0, wider)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not self._is_expected(message.text):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _is_expected(self, text: str) -> bool:
        return any(f"status of {status}" in text for status in self.expected)

    def _failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # what was still being loaded as the page was left
            self.complaints.append(f"{request.method} {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.complaints.append(f"{response.request.method} {response.url}: {response.status}")


@cache
def _axe() -> str:
    return AXE.read_text()
