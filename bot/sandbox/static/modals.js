// Modals: one dialog per view of a person's stack, drawn again only when the view's id or hash changes.

import { blockNodes } from "./blocks.js";
import { h, icon, newId, reachable } from "./dom.js";
import { drop, raise } from "./layers.js";
import { words } from "./mrkdwn.js";
import { toast } from "./toast.js";

const FAILED = "We had some trouble connecting. Try again?";

const printOf = (view) => view.hash ?? JSON.stringify(view.blocks);
/** A field that stays in an updated view keeps what it holds, touched or not, whatever its new initial value is:
 * so does Slack (slackapi/bolt-python#1064). */
const isSameField = (one, other) => one.action_id === other.action_id && one.type === other.type;

const valuesOf = ({ fields }) => Object.fromEntries([...fields].map(([id, { control }]) => [id, control.read()]));

/** What a browser's own picker cannot turn into a value, such as a date of which only the day is typed. */
function brokenFields({ fields }) {
  const said = [...fields].map(([id, { control }]) => [id, control.problem?.()]);
  return Object.fromEntries(said.filter(([, words]) => words));
}

function focusFirst(dialog, view) {
  const wanted = view.blocks.find((block) => block.element?.focus_on_load)?.element.action_id;
  const body = dialog.querySelector(".dialog-body");
  const first = (wanted && body.querySelector(`[data-action-id="${CSS.escape(wanted)}"]`)) || reachable(body)[0];
  (first ?? dialog).focus();
}

/** Keeps the dialogs equal to a stack of views. `page` posts: submit(viewId, values), close(viewId), act(body). */
export function makeModals(page) {
  const open = new Map();

  function showErrors(entry, errors) {
    const places = [...entry.fields].filter(([id, field]) => {
      field.show(errors[id] ?? null);
      return errors[id];
    });
    const homeless = Object.keys(errors).filter((id) => !entry.fields.has(id));
    homeless.forEach((id) => toast(errors[id]));
    const target = places[0]?.[1].control.target;
    target?.focus();
    target?.closest("[data-testid=field]")?.scrollIntoView({ block: "nearest" });
  }

  async function submit(entry) {
    if (entry.dialog.getAttribute("aria-busy") === "true") return;
    const broken = brokenFields(entry);
    showErrors(entry, broken);
    if (Object.keys(broken).length) return;
    entry.dialog.setAttribute("aria-busy", "true");
    const result = await page.submit(entry.view.id, valuesOf(entry));
    entry.dialog.removeAttribute("aria-busy");
    if (result.ok) return;
    if (result.errors) showErrors(entry, result.errors);
    else toast(result.error ?? FAILED);
  }

  function fill(entry, view) {
    const kept = entry.fields ?? new Map();
    entry.view = view;
    entry.print = printOf(view);
    entry.fields = new Map();
    const act = (block, element, value) => page.act({
      view_id: view.id,
      block_id: block.block_id,
      action_id: element.action_id,
      value,
      values: valuesOf(entry),
    });
    const body = h(
      "div",
      { class: "dialog-body" },
      blockNodes(view.blocks, { kind: "modal", act, fields: entry.fields }),
    );
    for (const [id, { element, control }] of kept) {
      const now = entry.fields.get(id);
      if (now && isSameField(now.element, element)) now.control.write(control.read());
    }
    const titleId = newId("title");
    entry.dialog.setAttribute("aria-labelledby", titleId);
    const close = () => page.close(view.id);
    const head = h(
      "header",
      { class: "dialog-head" },
      h("h2", { id: titleId }, words(view.title)),
      h(
        "button",
        { type: "button", class: "icon-button", "aria-label": "Close", "data-testid": "modal-x", onclick: close },
        icon("close"),
      ),
    );
    const cancel = h(
      "button",
      { type: "button", class: "button", "data-testid": "modal-close", onclick: close },
      words(view.close ?? (view.submit ? "Cancel" : "Close")),
    );
    const send = view.submit && h(
      "button",
      { type: "submit", class: "button button-primary", "data-testid": "modal-submit" },
      words(view.submit),
    );
    const form = h(
      "form",
      { novalidate: true, onsubmit: (event) => { event.preventDefault(); submit(entry); } },
      head,
      body,
      h("footer", { class: "dialog-foot" }, cancel, send),
    );
    entry.dialog.dataset.viewId = view.id;
    entry.dialog.dataset.callbackId = view.callback_id ?? "";
    entry.dialog.replaceChildren(form);
  }

  function add(view) {
    const entry = {
      dialog: h(
        "div",
        { class: "dialog", role: "dialog", "aria-modal": "true", tabindex: "-1", "data-testid": "modal" },
      ),
    };
    fill(entry, view);
    open.set(view.id, entry);
    raise(entry.dialog, { kind: "modal", escape: () => page.close(entry.view.id) });
    focusFirst(entry.dialog, view);
  }

  function refill(entry, view) {
    const focused = entry.dialog.contains(document.activeElement) ? document.activeElement.dataset.actionId : null;
    const scrolled = entry.dialog.querySelector(".dialog-body").scrollTop;
    fill(entry, view);
    entry.dialog.querySelector(".dialog-body").scrollTop = scrolled;
    const again = focused && entry.dialog.querySelector(`[data-action-id="${CSS.escape(focused)}"]`);
    if (again) again.focus();
    else focusFirst(entry.dialog, view);
  }

  return {
    /** Make the dialogs equal to `views`, the last one on top. */
    sync(views) {
      const wanted = new Set(views.map((view) => view.id));
      for (const [id, entry] of open) {
        if (wanted.has(id)) continue;
        open.delete(id);
        drop(entry.dialog);
      }
      for (const view of views) {
        const entry = open.get(view.id);
        if (!entry) add(view);
        else if (entry.print !== printOf(view)) refill(entry, view);
      }
    },
  };
}
