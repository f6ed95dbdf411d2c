// Light, dark, or as the system says: chosen by a button and remembered.

import { h, icon } from "./dom.js";

const KEY = "sandbox-theme";
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");

const shown = () => root.dataset.theme ?? (system.matches ? "dark" : "light");

function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage can be switched off; the system's choice is a good one
  }
}

function remember(theme) {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    return; // as above: the choice then lasts until the page is left
  }
}

/** The button that turns light into dark and back. */
export function makeThemeButton() {
  const node = h("button", { type: "button", class: "icon-button", "data-testid": "theme" });
  const draw = () => {
    const next = shown() === "dark" ? "light" : "dark";
    node.setAttribute("aria-label", `Switch to ${next} colours`);
    node.title = `Switch to ${next} colours`;
    node.replaceChildren(icon(next));
  };
  node.addEventListener("click", () => {
    root.dataset.theme = shown() === "dark" ? "light" : "dark";
    remember(root.dataset.theme);
    draw();
  });
  system.addEventListener("change", draw);
  if (["light", "dark"].includes(remembered())) root.dataset.theme = remembered();
  draw();
  return node;
}
