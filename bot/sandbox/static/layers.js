// Dialogs above the page: the top one alone can be reached, Tab stays inside, the focus returns when it goes.

import { h, holdTab, newId } from "./dom.js";
import { textNodes, words } from "./mrkdwn.js";

const stack = [];
const root = () => document.getElementById("layers");

function refresh() {
  document.getElementById("app").inert = stack.length > 0;
  stack.forEach((layer, place) => {
    layer.node.inert = place < stack.length - 1;
    layer.node.classList.toggle(
      "covered",
      stack.slice(place + 1).some((above) => above.node.dataset.layer === "modal"),
    );
  });
}

/** Put a dialog on top; `escape` is called for the Escape key and decides what happens. */
export function raise(dialog, { kind, escape }) {
  const node = h("div", { class: "layer", "data-layer": kind }, dialog);
  stack.push({ node, dialog, back: document.activeElement });
  node.addEventListener("keydown", (event) => {
    holdTab(dialog, event);
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    escape();
  });
  root().append(node);
  refresh();
}

/** Take a dialog away, wherever it stands, and give the focus back to where it was. */
export function drop(dialog) {
  const place = stack.findIndex((layer) => layer.dialog === dialog);
  if (place < 0) return;
  const [layer] = stack.splice(place, 1);
  const hadFocus = layer.node.contains(document.activeElement) || document.activeElement === document.body;
  layer.node.remove();
  refresh();
  if (!hadFocus) return;
  const back = layer.back?.isConnected && layer.back !== document.body ? layer.back : stack.at(-1)?.dialog;
  (back ?? document.querySelector("[data-testid=composer-input]"))?.focus();
}

/** Ask with a Block Kit confirm object before a button does its work; resolves to true or false. */
export function confirmed(confirm) {
  return new Promise((resolve) => {
    const [titleId, textId] = [newId("title"), newId("text")];
    const answer = (yes) => {
      drop(dialog);
      resolve(yes);
    };
    const no = h(
      "button",
      { type: "button", class: "button", "data-testid": "confirm-deny", onclick: () => answer(false) },
      words(confirm.deny ?? "Cancel"),
    );
    const kind = confirm.style === "danger" ? "button-danger" : "button-primary";
    const yes = h(
      "button",
      { type: "button", class: `button ${kind}`, "data-testid": "confirm-yes", onclick: () => answer(true) },
      words(confirm.confirm ?? "Yes"),
    );
    const dialog = h(
      "div",
      {
        class: "dialog dialog-small",
        role: "alertdialog",
        "aria-modal": "true",
        "aria-labelledby": titleId,
        "aria-describedby": textId,
        "data-testid": "confirm",
      },
      h("header", { class: "dialog-head" }, h("h2", { id: titleId }, words(confirm.title ?? "Are you sure?"))),
      h("div", { class: "dialog-body", id: textId }, textNodes(confirm.text)),
      h("footer", { class: "dialog-foot" }, no, yes),
    );
    raise(dialog, { kind: "confirm", escape: () => answer(false) });
    no.focus();
  });
}
