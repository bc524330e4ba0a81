"""What is seen of a page until its scripts have come."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Route, WebSocketRoute, expect


@pytest.mark.parametrize("width", [1440, 390])
def test_a_skeleton_stands_until_the_page_is_drawn(chromium: Browser, address: str, width: int) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    held: list[Route] = []
    page.route("**/static/js/index.*", lambda route: held.append(route))
    page.evaluate("address => { location.href = address; }", f"{address}/campaigns")
    skeleton = page.locator("#skeleton")
    expect(skeleton).to_be_visible()
    expect(page.get_by_text("Callboard").filter(visible=True)).to_have_count(1)
    for route in held:
        route.continue_()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(skeleton).to_have_count(0)
    assert not errors, errors
    context.close()


def test_a_first_visit_takes_few_requests(chromium: Browser, address: str) -> None:
    """A slow network takes half a second for each six of them."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(address)))
    page.goto(address)
    expect(page.locator("canvas, .vega-embed svg").first).to_be_visible()
    expect(page.locator(".st-key-cb-cards .cb-value").first).to_be_visible()
    page.wait_for_function("() => document.fonts.status === 'loaded'")
    icon = page.locator("[data-testid=stIconMaterial]").first
    assert icon.evaluate("each => document.fonts.check(`1em ${getComputedStyle(each).fontFamily}`)")
    files = [each for each in asked if not each.startswith("data:")]
    assert len(files) <= 20, files
    assert not [each for each in files if "SourceSans" in each or "MaterialSymbols" in each]
    assert len([each for each in files if "icons.woff2" in each]) == 1
    context.close()


@pytest.mark.parametrize("is_lost", [False, True])
def test_the_connection_is_made_while_the_scripts_come(chromium: Browser, address: str, is_lost: bool) -> None:
    """One that is lost before the app asks for it is made anew."""
    context = chromium.new_context()
    page = context.new_page()
    held: list[Route] = []
    made: list[WebSocketRoute] = []

    def connect(socket: WebSocketRoute) -> None:
        made.append(socket)
        socket.connect_to_server()

    page.route_web_socket("**/_stcore/stream", connect)
    page.route("**/static/js/app.*", lambda route: held.append(route))
    page.evaluate("address => { location.href = address; }", address)
    expect(page.locator("#skeleton")).to_be_visible()
    page.wait_for_timeout(300)
    assert len(made) == 1 and len(held) == 1
    if is_lost:
        made[0].close()
        page.wait_for_timeout(300)
    held[0].continue_()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert len(made) == 1 + is_lost
    context.close()


def test_a_line_moves_while_a_page_takes_long(chromium: Browser, address: str) -> None:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    held: list[str | bytes] = []
    passing = True

    def between(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        socket.on_message(lambda message: server.send(message) if passing else held.append(message))

    page.route_web_socket("**/_stcore/stream", between)
    page.goto(address)
    expect(page.locator(".st-key-cb-cards .cb-value").first).to_be_visible()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    line = "getComputedStyle(document.querySelector('.stApp'), '::before').content"
    assert page.evaluate(line) == "none"
    passing = False
    page.get_by_role("link", name="Campaigns", exact=True).click()
    page.wait_for_function(f"() => {line} !== 'none'")
    style = "getComputedStyle(document.querySelector('.stApp'), '::before')"
    page.wait_for_function(f"() => {style}.opacity === '1'")
    assert page.evaluate(f"[{style}.position, {style}.height, {style}.pointerEvents]") == ["fixed", "3px", "none"]
    assert held
    context.close()
