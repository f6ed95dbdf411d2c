// The box where a person types: Enter sends, Shift+Enter starts a line, "/" offers the app's commands.

import { h, icon, newId } from "./dom.js";

const TALLEST_PX = 200;
const drafts = new Map();

function matching(commands, text) {
  if (!text.startsWith("/") || text.includes("\n")) return [];
  const [name, ...rest] = text.split(" ");
  return commands.filter(({ command }) => (rest.length ? command === name : command.startsWith(name)));
}

function suggestion({ command, usage_hint: usage, description }, pick) {
  const attributes = {
    class: "suggestion",
    role: "option",
    id: newId("suggestion"),
    "aria-selected": "false",
    "data-testid": "suggestion",
    "data-command": command,
  };
  const onpointerdown = (event) => {
    event.preventDefault();
    pick(command);
  };
  return h(
    "div",
    { ...attributes, onpointerdown },
    h(
      "span",
      { class: "suggestion-name" },
      h("strong", {}, command),
      " ",
      h("span", { class: "usage" }, usage ?? ""),
    ),
    description && h("span", { class: "quiet" }, description),
  );
}

/** The list of commands over `input`: show(commands), hide(), move(steps), chosen() -> a command's name or null. */
function makeSuggestions(input, pick) {
  const node = h(
    "div",
    { class: "suggestions", role: "listbox", id: newId("suggestions"), "aria-label": "Commands", hidden: true },
  );
  let place = 0;
  const options = () => [...node.children];
  const choose = (next) => {
    place = next;
    options().forEach((option, index) => option.setAttribute("aria-selected", String(index === place)));
    if (node.hidden) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", options()[place].id);
  };
  const show = (commands) => {
    node.replaceChildren(...commands.map((command) => suggestion(command, pick)));
    node.hidden = !commands.length;
    choose(0);
  };
  input.setAttribute("aria-controls", node.id);
  return {
    node,
    show,
    hide: () => show([]),
    move: (steps) => choose((place + steps + options().length) % options().length),
    chosen: () => options()[place]?.dataset.command ?? null,
  };
}

/** What a key does: "pick" the chosen command, "send", "hide" the list, move in it by a number; null: nothing. */
function meaning(event, { text, chosen }) {
  if (event.isComposing || event.shiftKey) return null;
  const completes = chosen !== null && chosen !== text && !text.includes(" ");
  if (completes && (event.key === "Tab" || event.key === "Enter")) return "pick";
  if (event.key === "Enter") return "send";
  if (chosen === null) return null;
  return { ArrowDown: 1, ArrowUp: -1, Escape: "hide" }[event.key] ?? null;
}

/**
 * A composer for one place and one person; what is typed stays under `draft` when it is taken away.
 * `commands()` lists what "/" offers, `send(text)` resolves to true when the text went out.
 */
export function makeComposer({ draft, label, placeholder, commands, send }) {
  const attributes = { rows: 1, placeholder, "aria-label": label, "aria-autocomplete": "list" };
  const input = h("textarea", { ...attributes, class: "composer-input", "data-testid": "composer-input" });
  const button = h(
    "button",
    { type: "submit", class: "send", "aria-label": "Send", title: "Send (Enter)" },
    icon("send"),
  );
  const list = makeSuggestions(input, (command) => fill(`${command} `));
  const box = h("div", { class: "composer-box" }, input, button);
  const form = h(
    "form",
    { class: "composer", "data-testid": "composer", onsubmit: (event) => submit(event) },
    list.node,
    box,
  );

  const fit = () => {
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight, TALLEST_PX)}px`;
  };
  const update = () => {
    drafts.set(draft, input.value);
    button.disabled = !input.value.trim();
    fit();
    list.show(matching(commands(), input.value));
  };
  const fill = (text) => {
    input.value = text;
    update();
    input.focus();
  };
  const submit = async (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text || form.getAttribute("aria-busy") === "true") return;
    form.setAttribute("aria-busy", "true");
    list.hide();
    const sent = await send(text);
    form.removeAttribute("aria-busy");
    if (!sent || input.value.trim() !== text) return;
    input.value = "";
    update();
  };
  const act = (event) => {
    const wish = meaning(event, { text: input.value, chosen: list.chosen() });
    if (wish === null) return;
    event.preventDefault();
    event.stopPropagation();
    if (wish === "pick") fill(`${list.chosen()} `);
    else if (wish === "send") submit(event);
    else if (wish === "hide") list.hide();
    else list.move(wish);
  };

  input.addEventListener("input", update);
  input.addEventListener("blur", list.hide);
  input.addEventListener("keydown", act);
  input.value = drafts.get(draft) ?? "";
  button.disabled = !input.value.trim();
  requestAnimationFrame(fit);
  return { node: form, input, fill };
}
