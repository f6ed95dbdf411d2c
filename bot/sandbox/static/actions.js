// What is pressed: buttons, links that look like buttons, overflow menus; each asks first when it has a confirm.

import { h, icon, newId } from "./dom.js";
import { confirmed } from "./layers.js";
import { safeUrl, words } from "./mrkdwn.js";

/** Run `work` once; until it is done the control is busy and refuses a second press. */
async function once(node, work) {
  if (node.getAttribute("aria-busy") === "true") return;
  node.setAttribute("aria-busy", "true");
  try {
    await work();
  } finally {
    node.removeAttribute("aria-busy");
  }
}

/** A button; with a `url` also a link. `act(value)` tells the app. */
export function button(element, act) {
  const href = element.url && safeUrl(element.url);
  const style = ["primary", "danger"].includes(element.style) ? ` button-${element.style}` : "";
  const attributes = {
    class: `button${style}`,
    "data-action-id": element.action_id,
    "aria-label": element.accessibility_label,
  };
  const node = href
    ? h("a", { ...attributes, href, target: "_blank", rel: "noopener noreferrer" }, words(element.text))
    : h("button", { ...attributes, type: "button" }, words(element.text));
  node.addEventListener("click", () => once(node, async () => {
    if (element.confirm && !(await confirmed(element.confirm))) return;
    await act(element.value ?? null);
  }));
  return node;
}

function menuItem(item, choose) {
  const href = item.url && safeUrl(item.url);
  const attributes = { role: "menuitem", tabindex: "-1", "data-value": item.value, onclick: () => choose(item) };
  const text = [
    words(item.text),
    item.description && h("span", { class: "choice-description" }, words(item.description)),
  ];
  return href
    ? h("a", { ...attributes, href, target: "_blank", rel: "noopener noreferrer" }, text)
    : h("button", { ...attributes, type: "button" }, text);
}

const MOVES = { ArrowDown: 1, ArrowUp: -1 };

function walk(event, items, close) {
  const here = items.indexOf(document.activeElement);
  if (event.key === "Escape") close();
  else if (event.key in MOVES) items.at((here + MOVES[event.key]) % items.length).focus();
  else if (event.key === "Home" || event.key === "End") items.at(event.key === "Home" ? 0 : -1).focus();
  else return;
  event.preventDefault();
}

/** The "…" menu; arrow keys move, Escape closes. */
export function overflow(element, act) {
  const id = newId("menu");
  const trigger = h(
    "button",
    {
      type: "button",
      class: "button overflow-button",
      "aria-label": "More actions",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "aria-controls": id,
      "data-action-id": element.action_id,
    },
    icon("more"),
  );
  const menu = h("div", { class: "menu", role: "menu", id, "aria-label": "More actions", hidden: true });
  const node = h("div", { class: "overflow" }, trigger, menu);
  const show = (open) => {
    menu.hidden = !open;
    trigger.setAttribute("aria-expanded", String(open));
  };
  const close = () => {
    show(false);
    trigger.focus();
  };
  const choose = (item) => {
    close();
    once(trigger, async () => {
      if (!element.confirm || (await confirmed(element.confirm))) await act(item.value);
    });
  };
  const items = element.options.map((item) => menuItem(item, choose));
  menu.append(...items);
  trigger.addEventListener("click", () => {
    show(menu.hidden);
    if (!menu.hidden) items[0].focus();
  });
  menu.addEventListener("keydown", (event) => walk(event, items, close));
  node.addEventListener("focusout", (event) => node.contains(event.relatedTarget) || show(false));
  return node;
}
