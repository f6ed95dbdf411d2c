// Inputs that are typed: text, numbers, addresses, dates and times. Each is a control:
// {node, target: what takes the focus, read() -> plain value or null, write(value), problem?() -> words or null}.
// What a field refuses is said by the sandbox's Python, after a submit, as Slack's client says it; `problem` says
// what only the browser knows.

import { h, newId } from "./dom.js";
import { words } from "./mrkdwn.js";

const MAX_TEXT = 3000; // Slack's limit for plain_text_input
const TYPING_PAUSE_MS = 250;

const length = (text) => [...text].length;

function attributes(element, context) {
  return {
    id: context.id,
    "data-action-id": element.action_id,
    "aria-label": context.label,
    "aria-describedby": context.describedBy,
    "aria-required": context.required ? "true" : null,
    placeholder: element.placeholder ? words(element.placeholder) : null,
  };
}

/** Read and write a node's text. What nobody has touched reads as it was put in, even where a browser's input
 * holds less of it: the seconds of a moment, a line break in a line. */
function control(node, { toValue = (text) => text, toText = String, initial }) {
  let put = {};
  const write = (value) => {
    node.value = value === null || value === undefined ? "" : toText(value);
    put = { value: value ?? null, text: node.value };
  };
  const read = () => {
    if (node.value === put.text) return put.value;
    return node.value === "" ? null : toValue(node.value);
  };
  write(initial);
  return { node, target: node, read, write };
}

/** When a typed field with dispatch_action tells the app: on Enter, unless its element says on every character. */
export function dispatchesOn(element) {
  return element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
}

function tellTyped(node, { element, context, read }) {
  if (!context.dispatches) return;
  const on = dispatchesOn(element);
  let pause;
  const tell = () => {
    clearTimeout(pause);
    context.changed(read(), element);
  };
  if (on.includes("on_character_entered")) node.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(tell, TYPING_PAUSE_MS);
  });
  if (on.includes("on_enter_pressed")) node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    if (element.multiline && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    tell();
  });
}

/** A line or a box of text; the count of what is left appears when the end is near. */
function plainText(element, context) {
  const max = element.max_length ?? MAX_TEXT;
  const left = h("span", { class: "left", "aria-hidden": "true" });
  const node = element.multiline
    ? h("textarea", { ...attributes(element, context), class: "input", rows: 3 })
    : h("input", { ...attributes(element, context), class: "input", type: "text", autocomplete: "off" });
  const made = control(node, { initial: element.initial_value });
  tellTyped(node, { element, context, read: made.read });
  const count = () => {
    const rest = max - length(node.value);
    left.textContent = rest <= Math.min(100, max / 5) && length(node.value) > 0 ? String(rest) : "";
    left.classList.toggle("over", rest < 0);
  };
  node.addEventListener("input", count);
  count();
  return {
    ...made,
    node: h("span", { class: "input-wrap" }, node, left),
    write: (value) => { made.write(value); count(); },
  };
}

function line(inputmode) {
  return (element, context) => {
    const node = h(
      "input",
      { ...attributes(element, context), class: "input", type: "text", inputmode, autocomplete: "off" },
    );
    const made = control(node, { initial: element.initial_value, toValue: (text) => text.trim() || null });
    tellTyped(node, { element, context, read: made.read });
    return made;
  };
}

/** A browser's own picker. It shows no placeholder, so one stands over it until it is used; the zone stands under. */
function picker(type, initial, { max, name, ...conversions }) {
  return (element, context) => {
    const hint = element.placeholder && h("span", { class: "picker-hint", id: newId("hint") }, words(element.placeholder));
    const zone = element.timezone && h("span", { class: "hint picker-zone", id: newId("zone") }, zoneWords(element));
    const told = [hint?.id, zone?.id, context.describedBy].filter(Boolean).join(" ");
    const node = h(
      "input",
      {
        ...attributes(element, context),
        "aria-describedby": told || null,
        placeholder: null,
        class: "input input-short",
        type,
        max,
      },
    );
    const made = control(node, { initial: element[initial], ...conversions });
    const box = h("span", { class: `picker${hint ? " hinted" : ""}` }, node, hint);
    const mark = () => box.classList.toggle("unset", !node.value && !node.validity.badInput);
    for (const kind of ["input", "change", "blur"]) node.addEventListener(kind, mark);
    node.addEventListener("change", () => context.changed(made.read(), element));
    mark();
    return {
      ...made,
      node: h("span", { class: "picker-wrap" }, box, zone),
      write: (value) => { made.write(value); mark(); },
      problem: () => (node.validity.valid ? null : `Please enter a valid ${name}.`),
    };
  };
}

const zoneWords = ({ timezone }) => `${timezone.replaceAll("_", " ")} time`;

const pad = (number) => String(number).padStart(2, "0");

function localMinute(seconds) {
  const date = new Date(Number(seconds) * 1000);
  const day = [date.getFullYear(), pad(date.getMonth() + 1), pad(date.getDate())].join("-");
  return `${day}T${pad(date.getHours())}:${pad(date.getMinutes())}`;
}

/** Block Kit type -> (element, context) -> control. */
export const FIELDS = {
  plain_text_input: plainText,
  number_input: line("decimal"),
  email_text_input: line("email"),
  url_text_input: line("url"),
  datepicker: picker("date", "initial_date", { name: "date", max: "9999-12-31" }),
  timepicker: picker("time", "initial_time", { name: "time" }),
  datetimepicker: picker("datetime-local", "initial_date_time", {
    name: "date and time",
    max: "2286-11-20T17:46", // the last minute whose Unix seconds have ten digits
    toText: localMinute,
    toValue: (text) => Math.round(new Date(text).getTime() / 1000),
  }),
};
