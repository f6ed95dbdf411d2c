// Inputs that are chosen from: selects, multi-selects, radio buttons and checkboxes.
// Each is a control, with the same shape as in fields.js.

import { h, newId } from "./dom.js";
import { allChannels, allPeople } from "./directory.js";
import { textNodes, words } from "./mrkdwn.js";

const FILTER_FROM = 8;

const option = (value, text) => ({ value, text: { type: "plain_text", text } });
const people = () => allPeople().map((person) => option(person.id, person.real_name));
const channels = () => allChannels().filter((channel) => channel.id.startsWith("C")).map((channel) => option(
  channel.id,
  `# ${channel.name}`,
));

/** Channels and people, or what the element's filter leaves of them. */
function conversations({ filter }) {
  const wanted = filter?.include ?? ["public", "im"];
  return [...(wanted.includes("public") ? channels() : []), ...(wanted.includes("im") ? people() : [])];
}

const SOURCES = {
  static: (element) => element.options ?? (element.option_groups ?? []).flatMap((group) => group.options),
  users: people,
  channels,
  conversations,
};

const value = (item) => item?.value ?? item ?? null;

function optionNode(item) {
  return h("option", { value: item.value }, words(item.text));
}

function optionNodes(element, source) {
  if (source !== "static" || !element.option_groups) return SOURCES[source](element).map(optionNode);
  return element.option_groups.map((group) => h(
    "optgroup",
    { label: words(group.label) },
    group.options.map(optionNode),
  ));
}

/** One of many, as the browser's own select. */
function select(source, initial) {
  return (element, context) => {
    const hint = element.placeholder ? words(element.placeholder) : "Choose …";
    const first = h("option", { value: "" }, hint);
    const node = h(
      "select",
      {
        id: context.id,
        class: "input select",
        "data-action-id": element.action_id,
        "aria-label": context.label,
        "aria-describedby": context.describedBy,
        "aria-required": context.required ? "true" : null,
      },
      first,
      optionNodes(element, source),
    );
    const write = (chosen) => {
      node.value = chosen ?? "";
      if (node.selectedIndex < 0) node.value = ""; // it is not offered any more
    };
    const read = () => node.value || null;
    write(value(element[initial]));
    const mark = () => node.classList.toggle("unset", !node.value);
    node.addEventListener("change", () => { mark(); context.changed(read(), element); });
    mark();
    return { node, target: node, read, write: (chosen) => { write(chosen); mark(); } };
  };
}

function tick(type, item, { name, describedBy, checked }) {
  const id = newId("choice");
  const input = h("input", { type, id, name, value: item.value, "aria-describedby": describedBy });
  input.checked = checked;
  const description = item.description && h("span", { class: "choice-description" }, textNodes(item.description));
  return h(
    "div",
    { class: "choice" },
    input,
    h("label", { for: id }, h("span", {}, textNodes(item.text)), description),
  );
}

const ticked = (node) => [...node.querySelectorAll("input:checked")].map((input) => input.value);

function tickOnly(node, values) {
  for (const input of node.querySelectorAll(".choice input")) input.checked = values.includes(input.value);
}

/** Radio buttons (one value) or checkboxes (a list; none is null). */
function ticks(type, { initial, role, read }) {
  return (element, context) => {
    const start = [element[initial] ?? []].flat().map(value);
    const name = newId("ticks");
    const node = h(
      "div",
      {
        class: "choices",
        role,
        id: context.id,
        "aria-labelledby": context.labelId,
        "aria-label": context.labelId ? null : context.label,
        "aria-describedby": context.describedBy,
        "aria-required": role === "radiogroup" && context.required ? "true" : null,
        "data-action-id": element.action_id,
      },
      element.options.map((item) => tick(
        type,
        item,
        { name, describedBy: context.describedBy, checked: start.includes(item.value) },
      )),
    );
    node.addEventListener("change", () => context.changed(read(node), element));
    const write = (chosen) => tickOnly(node, [chosen ?? []].flat());
    return { node, target: node.querySelector("input"), read: () => read(node), write };
  };
}

function filterBox(panel) {
  const box = h(
    "input",
    { type: "search", class: "input", placeholder: "Filter …", "aria-label": "Filter the list" },
  );
  box.addEventListener("input", () => {
    const wanted = box.value.trim().toLowerCase();
    const fits = (choice) => choice.textContent.toLowerCase().includes(wanted);
    for (const choice of panel.querySelectorAll(".choice")) choice.hidden = !fits(choice);
    for (const group of panel.querySelectorAll(".multi-group")) {
      group.hidden = !group.querySelector(".choice:not([hidden])");
    }
  });
  return box;
}

/** The ticks of a multi-select, under the headings of its groups when it has any. */
function tickList(element, items, start) {
  const made = (item) => tick("checkbox", item, { checked: start.includes(item.value) });
  if (!element.option_groups) return items.map(made);
  return element.option_groups.map((group) => {
    const id = newId("group");
    const heading = h("p", { class: "multi-heading", id }, words(group.label));
    return h("div", { class: "multi-group", role: "group", "aria-labelledby": id }, heading, group.options.map(made));
  });
}

/** Many of many: a button that says what is chosen and opens a list to tick. */
function multi(source, initial) {
  return (element, context) => {
    const items = SOURCES[source](element);
    const hint = element.placeholder ? words(element.placeholder) : "Choose …";
    const panel = h(
      "div",
      { class: "multi-panel", role: "group", "aria-label": "Tick what applies", hidden: true, id: newId("panel") },
    );
    const start = (element[initial] ?? []).map(value);
    const most = element.max_selected_items ?? Infinity;
    panel.append(
      ...(items.length > FILTER_FROM ? [filterBox(panel)] : []),
      ...(most < items.length ? [h("p", { class: "hint", id: newId("most") }, `Choose at most ${most}.`)] : []),
      ...tickList(element, items, start),
    );
    const limit = panel.querySelector(":scope > .hint")?.id;
    const button = h(
      "button",
      {
        type: "button",
        id: context.id,
        class: "input select multi-button",
        "aria-expanded": "false",
        "aria-controls": panel.id,
        "aria-describedby": [limit, context.describedBy].filter(Boolean).join(" ") || null,
        "data-action-id": element.action_id,
      },
    );
    const node = h("div", { class: "multi" }, button, panel);
    const read = () => (ticked(panel).length ? ticked(panel) : null);
    const say = () => {
      const names = items.filter((item) => ticked(panel).includes(item.value)).map((item) => words(item.text));
      button.textContent = names.join(", ") || hint;
      button.classList.toggle("unset", !names.length);
      const full = names.length >= most;
      panel.querySelectorAll("input[type=checkbox]").forEach((input) => (input.disabled = full && !input.checked));
      button.setAttribute("aria-label", `${context.label ?? context.labelText}: ${button.textContent}`);
    };
    opens(node, { button, panel, read, changed: () => context.changed(read(), element) });
    panel.addEventListener("change", say);
    const write = (chosen) => {
      tickOnly(panel, chosen ?? []);
      say();
    };
    say();
    return { node, target: button, read, write };
  };
}

/**
 * Open and close the panel; a change is told once, when it closes. It closes after a click or a key outside, not on
 * the way to it: it stands between other fields, and what one aims at must not move away.
 */
function opens(node, { button, panel, read, changed }) {
  let before = "";
  const outside = (event) => node.contains(event.target) || show(false);
  const show = (open) => {
    if (open === !panel.hidden) return;
    panel.hidden = !open;
    for (const kind of ["click", "keyup"]) document[open ? "addEventListener" : "removeEventListener"](
      kind,
      outside,
    );
    button.setAttribute("aria-expanded", String(open));
    if (open) before = JSON.stringify(read());
    else if (before !== JSON.stringify(read())) changed();
  };
  button.addEventListener("click", () => show(panel.hidden));
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || panel.hidden) return;
    event.stopPropagation();
    event.preventDefault();
    show(false);
    button.focus();
  });
}

const one = (node) => ticked(node)[0] ?? null;
const all = (node) => (ticked(node).length ? ticked(node) : null);

/** Block Kit type -> (element, context) -> control. */
export const CHOICES = {
  static_select: select("static", "initial_option"),
  users_select: select("users", "initial_user"),
  channels_select: select("channels", "initial_channel"),
  conversations_select: select("conversations", "initial_conversation"),
  multi_static_select: multi("static", "initial_options"),
  multi_users_select: multi("users", "initial_users"),
  multi_channels_select: multi("channels", "initial_channels"),
  multi_conversations_select: multi("conversations", "initial_conversations"),
  radio_buttons: ticks("radio", { initial: "initial_option", role: "radiogroup", read: one }),
  checkboxes: ticks("checkbox", { initial: "initial_options", role: "group", read: all }),
};
