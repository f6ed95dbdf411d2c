// Short notices at the foot of the page: what a person would see when something went wrong.

import { h, icon } from "./dom.js";

const SHOWN_MS = 9000;
const region = () => document.getElementById("toasts");

/** Show one sentence; it leaves by itself, or when dismissed. The same sentence is not shown twice at once. */
export function toast(words) {
  const text = words.replace(/^\u26a0\ufe0f?\s*/, ""); // the notice has a sign of its own
  const same = [...region().children].find((node) => node.dataset.text === text);
  same?.remove();
  const node = h(
    "div",
    { class: "toast", role: "alert", "data-testid": "toast", "data-text": text },
    icon("alert"),
    h("p", {}, text),
  );
  node.append(h(
    "button",
    { type: "button", class: "icon-button", "aria-label": "Dismiss this notice", onclick: () => node.remove() },
    icon("close"),
  ));
  region().append(node);
  setTimeout(() => node.remove(), SHOWN_MS);
}
