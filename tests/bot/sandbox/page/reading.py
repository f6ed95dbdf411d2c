"""How the page reads: the names that a screen reader says, and the contrast that eyes need."""

from playwright.async_api import Page

_NAMED_ROLES = {
    *("button", "link", "textbox", "combobox", "checkbox", "radio", "radiogroup", "spinbutton", "listbox"),
    *("menuitem", "dialog", "alertdialog", "log", "navigation", "article", "Date", "DateTime", "InputTime"),
}
CONTRAST = """
() => {
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    probe.clearRect(0, 0, 1, 1); probe.fillStyle = colour; probe.fillRect(0, 0, 1, 1);
    return [...probe.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const bad = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    const seen = node.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    if (!seen || !walker.currentNode.data.trim()) continue;
    if (node.closest("[inert], .sr-only, .skip, option, .layer.covered, noscript, :disabled")) continue;
    const [one, other] = [light(rgb(getComputedStyle(node).color)), light(behind(node))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    if (ratio < 4.5) bad.push(`${ratio.toFixed(2)} ${node.className} ${walker.currentNode.data.slice(0, 30)}`);
  }
  return bad;
}
"""


async def control_names(page: Page) -> list[tuple[str, str]]:
    """Return (role, name) of everything that must have a name, as Chromium tells a screen reader."""
    session = await page.context.new_cdp_session(page)
    tree = (await session.send("Accessibility.getFullAXTree"))["nodes"]
    shown = [node for node in tree if not node["ignored"] and node["role"]["value"] in _NAMED_ROLES]
    return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in shown]
