// Block Kit blocks as DOM nodes. A surface says where they stand: {kind: "message" | "modal" | "home",
// act(block, element, value) -> Promise, fields: Map of block_id -> field, or null outside a modal}.

import { button, overflow } from "./actions.js";
import { CHOICES } from "./choices.js";
import { h, newId } from "./dom.js";
import { FIELDS, dispatchesOn } from "./fields.js";
import { markdown } from "./markdown.js";
import { safeUrl, textNodes, words } from "./mrkdwn.js";
import { richText } from "./richtext.js";

const CONTROLS = { ...FIELDS, ...CHOICES };

function picture(element, kind) {
  const src = safeUrl(element.image_url ?? element.slack_file?.url ?? "");
  return src
    ? h("img", { class: kind, src, alt: element.alt_text ?? "", loading: "lazy", referrerpolicy: "no-referrer" })
    : h("span", { class: `${kind} image-missing` }, element.alt_text ?? "image");
}

/** An element outside an input block; `label` names it for those who do not see what stands beside it. */
function element(item, block, { surface, label }) {
  const act = (value) => surface.act(block, item, value);
  if (item.type === "button" || item.type === "workflow_button") return button(item, act);
  if (item.type === "overflow") return overflow(item, act);
  if (item.type === "image") return picture(item, "image-small");
  if (!Object.hasOwn(CONTROLS, item.type)) return unknown(item.type);
  const name = [label, item.placeholder && words(item.placeholder)].filter(Boolean).join(", ") || "Choose";
  const control = CONTROLS[item.type](item, { id: newId("control"), label: name, changed: act });
  surface.fields?.set(block.block_id, { block, element: item, control, show: () => {} });
  return control.node;
}

function unknown(type) {
  return h("p", { class: "unknown" }, `The sandbox does not draw “${type}” yet.`);
}

function section(block, surface) {
  const text = block.text && h("div", { class: "text" }, textNodes(block.text));
  const fields = block.fields && h(
    "div",
    { class: "fields" },
    block.fields.map((item) => h("div", { class: "text" }, textNodes(item))),
  );
  const label = block.text ? words(block.text).slice(0, 80) : null;
  const accessory = block.accessory && h(
    "div",
    { class: "accessory" },
    element(block.accessory, block, { surface, label }),
  );
  return h("div", { class: "block block-section" }, h("div", { class: "section-main" }, text, fields), accessory);
}

function context(block) {
  const items = block.elements.map((item) => (item.type === "image" ? picture(item, "image-tiny") : h(
    "span",
    { class: "text" },
    textNodes(item),
  )));
  return h("div", { class: "block block-context" }, items);
}

function actions(block, surface) {
  return h(
    "div",
    { class: "block block-actions" },
    block.elements.map((item) => element(item, block, { surface, label: null })),
  );
}

function image(block) {
  const title = block.title && h("figcaption", {}, textNodes(block.title));
  return h("figure", { class: "block block-image" }, title, picture(block, "image-large"));
}

function cell(item, tag, settings) {
  const nodes = item.type === "rich_text" ? richText(item.elements) : [item.text ?? String(item.value ?? "")];
  return h(
    tag,
    {
      scope: tag === "th" ? "col" : null,
      class: `align-${settings?.align ?? "left"}${settings?.is_wrapped ? " wrapped" : ""}`,
    },
    nodes,
  );
}

function table(block) {
  const row = (cells, tag) => h(
    "tr",
    {},
    cells.map((item, place) => cell(item, tag, block.column_settings?.[place])),
  );
  const [head, ...rest] = block.rows;
  const node = h(
    "table",
    {},
    h("thead", {}, row(head, "th")),
    h("tbody", {}, rest.map((cells) => row(cells, "td"))),
  );
  return h("div", { class: "block block-table", role: "region", "aria-label": "Table", tabindex: "0" }, node);
}

function alert(block) {
  const level = ["info", "warning", "error", "success"].includes(block.level) ? block.level : "default";
  return h("div", { class: `block block-alert alert-${level}` }, textNodes(block.text));
}

function card(block, surface) {
  const part = (name, kind) => block[name] && h("div", { class: kind }, textNodes(block[name]));
  const buttons = block.actions && h(
    "div",
    { class: "block-actions" },
    block.actions.map((item) => element(item, block, { surface, label: null })),
  );
  const head = [
    block.icon && picture(block.icon, "image-small"),
    h("div", {}, part("title", "card-title"), part("subtitle", "card-subtitle")),
  ];
  return h(
    "div",
    { class: "block block-card" },
    block.hero_image && picture(block.hero_image, "image-large"),
    h("div", { class: "card-head" }, head),
    part("body", "text"),
    buttons,
  );
}

const TYPED = ["plain_text_input", "number_input", "email_text_input", "url_text_input"];

/** What is said under a field: the app's hint, and that Enter sends it when it does. */
function hintOf({ hint, dispatch_action: dispatches, element: item }, id) {
  const enters = dispatches && TYPED.includes(item.type) && dispatchesOn(item).includes("on_enter_pressed");
  if (!hint && !enters) return null;
  const key = item.multiline ? "Ctrl+Enter" : "Enter";
  return h("p", { class: "hint", id }, hint && textNodes(hint), hint && enters && " ", enters && `Press ${key} to go on.`);
}

/** A labelled control with its hint and the place of its error. */
function input(block, surface) {
  const item = block.element;
  if (!Object.hasOwn(CONTROLS, item.type)) return unknown(item.type);
  const [id, labelId, hintId, errorId] = ["field", "label", "hint", "error"].map(newId);
  const hint = hintOf(block, hintId);
  const changed = (value) => {
    show(null);
    return block.dispatch_action ? surface.act(block, item, value) : null;
  };
  const control = CONTROLS[item.type](
    item,
    {
      id,
      labelId,
      labelText: words(block.label),
      describedBy: hint ? `${hintId} ${errorId}` : errorId,
      required: !block.optional,
      dispatches: block.dispatch_action,
      changed,
    },
  );
  const error = h("p", { class: "field-error", id: errorId, "data-testid": "field-error", hidden: true });
  const optional = block.optional && h("span", { class: "optional" }, " (optional)");
  const grouped = ["radio_buttons", "checkboxes"].includes(item.type);
  const label = h(
    grouped ? "span" : "label",
    { class: "field-label", id: labelId, for: grouped ? null : id },
    textNodes(block.label),
    optional,
  );
  const node = h("div", { class: "block block-input", "data-testid": "field" }, label, control.node, error, hint);
  const show = (text) => {
    error.textContent = text ?? "";
    error.hidden = !text;
    node.classList.toggle("has-error", Boolean(text));
    const marked = grouped ? control.node.querySelectorAll("input") : [control.target];
    marked.forEach((one) => (text ? one.setAttribute("aria-invalid", "true") : one.removeAttribute("aria-invalid")));
  };
  control.target.addEventListener("input", () => show(null));
  surface.fields?.set(block.block_id, { block, element: item, control, show });
  return node;
}

const BLOCKS = {
  section,
  context,
  actions,
  image,
  table,
  alert,
  card,
  input,
  header: (block) => h(
    "div",
    { class: "block block-header", role: "heading", "aria-level": "3" },
    textNodes(block.text),
  ),
  divider: () => h("hr", { class: "block block-divider" }),
  rich_text: (block) => h("div", { class: "block block-rich text" }, richText(block.elements)),
  markdown: (block) => h("div", { class: "block block-markdown text" }, markdown(block.text)),
};

function drawn(block, surface) {
  try {
    return Object.hasOwn(BLOCKS, block.type) ? BLOCKS[block.type](block, surface) : unknown(block.type);
  } catch (problem) {
    console.error("a block could not be drawn", problem);
    return unknown(block.type);
  }
}

/** Nodes for a list of blocks, each marked with its block_id; one that cannot be drawn says so and stops no other. */
export function blockNodes(blocks, surface) {
  return blocks.map((block) => {
    const node = drawn(block, surface);
    if (block.block_id) node.dataset.blockId = block.block_id;
    node.dataset.blockType = block.type;
    return node;
  });
}
