// Inputs that are typed: text, numbers, addresses, dates and times. Each is a control:
// {node, target: what takes the focus, read() -> plain value or null, write(value)}.
// What a field refuses is said by the sandbox's Python, after a submit, as Slack's client says it.

import { h } from "./dom.js";
import { words } from "./mrkdwn.js";

const MAX_TEXT = 3000; // Slack's limit for plain_text_input

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

function control(node, { element, context, toValue = (text) => text, toText = String, initial }) {
  const read = () => (node.value === "" ? null : toValue(node.value));
  node.value = initial === undefined || initial === null ? "" : toText(initial);
  node.addEventListener("change", () => context.changed(read(), element));
  return { node, target: node, read, write: (value) => (node.value = value === null ? "" : toText(value)) };
}

/** A line or a box of text; the count of what is left appears when the end is near. */
function plainText(element, context) {
  const max = element.max_length ?? MAX_TEXT;
  const left = h("span", { class: "left", "aria-hidden": "true" });
  const node = element.multiline
    ? h("textarea", { ...attributes(element, context), class: "input", rows: 3 })
    : h("input", { ...attributes(element, context), class: "input", type: "text", autocomplete: "off" });
  const made = control(node, { element, context, initial: element.initial_value });
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
    return control(
      node,
      { element, context, initial: element.initial_value, toValue: (text) => text.trim() || null },
    );
  };
}

function picker(type, initial, conversions = {}) {
  return (element, context) => {
    const node = h("input", { ...attributes(element, context), class: "input input-short", type });
    return control(node, { element, context, initial: element[initial], ...conversions });
  };
}

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
  datepicker: picker("date", "initial_date"),
  timepicker: picker("time", "initial_time"),
  datetimepicker: picker("datetime-local", "initial_date_time", {
    toText: localMinute,
    toValue: (text) => Math.round(new Date(text).getTime() / 1000),
  }),
};
