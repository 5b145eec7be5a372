import os
import shutil

import pytest
from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def chromium():
    """A browser that reaches nothing off the machine."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    assert found, "no Chromium on the PATH: install it, or name it in CHROMIUM"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium):
    """Open an address; returns the page. Requests that leave the machine are cut and remembered."""
    contexts = []

    def visit_(address, *, width=1280, scheme="light"):
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, service_workers="block"
        )
        contexts.append(context)
        page = context.new_page()
        page.asked, page.ran, page.told = [], [], []
        page.on("dialog", lambda dialog: (page.ran.append(dialog.message), dialog.dismiss()))
        page.on("console", lambda message: page.told.append(message.text))
        page.expose_function("ran", lambda what=None: page.ran.append(what))

        def route(request):
            url = request.request.url
            if url.startswith(("file:", "http://127.0.0.1", "data:")):
                request.continue_()
            else:
                page.asked.append(url)
                request.abort()

        context.route("**/*", route)
        page.goto(address)
        return page

    yield visit_
    for context in contexts:
        context.close()
