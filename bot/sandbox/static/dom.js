// Building and keeping DOM nodes. Text always arrives as a text node; nothing here reads HTML.

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  hash: "M9 4 7 20M17 4l-2 16M4 9h17M3 15h17",
  home: "M4 11 12 4l8 7v9h-5v-6H9v6H4z",
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6 6 18",
  send: "M4 12 20 5l-5 15-3-6z",
  eye: "M2 12s4-6.5 10-6.5S22 12 22 12s-4 6.5-10 6.5S2 12 2 12zm7 0a3 3 0 1 0 6 0 3 3 0 1 0-6 0",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  reply: "M9 6 4 11l5 5M4 11h10a6 6 0 0 1 6 6v2",
  download: "M12 4v11m-5-4 5 5 5-5M5 20h14",
  check: "m5 12.5 5 5L19 7",
  light:
    "M12 8a4 4 0 1 0 0 8 4 4 0 1 0 0-8M12 2v2M12 20v2M2 12h2M20 12h2" +
    "M5 5l1.4 1.4M17.6 17.6 19 19M5 19l1.4-1.4M17.6 6.4 19 5",
  dark: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
  alert: "M12 4 2.5 20h19zM12 10v5M12 17.6h.01",
  down: "M12 5v13m-6-6 6 6 6-6",
};

/** Make an element; `on…` are listeners, everything else attributes; false, null and undefined leave one out. */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** One of the page's own line drawings, silent to screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

const REACHABLE = "a[href], button, input, select, textarea, [tabindex='0']";

/** Make `parent` hold one node per item, in order; only items whose `key` is new or whose JSON changed are built. */
export function keep(parent, items, { key, build }) {
  const known = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = key(item);
    const print = JSON.stringify(item);
    let node = known.get(name);
    known.delete(name);
    if (node && node.dataPrint === print) {
      if (node === place) place = place.nextElementSibling;
      else parent.insertBefore(node, place);
      continue;
    }
    const fresh = build(item);
    fresh.dataset.key = name;
    fresh.dataPrint = print;
    if (node) {
      if (node === place) place = place.nextElementSibling;
      swap(node, fresh);
    } else parent.insertBefore(fresh, place);
  }
  for (const node of known.values()) node.remove();
}

/** Put `fresh` where `old` was; when the focus was inside, it goes to the same control again or to `fresh` itself. */
export function swap(old, fresh) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(fresh);
  if (!focused) return;
  const action = focused.dataset?.actionId;
  const again = action && fresh.querySelector(`[data-action-id="${CSS.escape(action)}"]`);
  const target = again && (again.matches(REACHABLE) ? again : again.querySelector(REACHABLE));
  if (!target) fresh.tabIndex = -1;
  (target ?? fresh).focus({ preventScroll: true });
}

/** The controls a keyboard can reach inside `node`, in order. */
export function reachable(node) {
  return [...node.querySelectorAll(REACHABLE)].filter((item) => !item.disabled && item.offsetParent !== null);
}

/** Keep Tab inside `node`. */
export function holdTab(node, event) {
  if (event.key !== "Tab") return;
  const stops = reachable(node);
  const edge = event.shiftKey ? stops[0] : stops.at(-1);
  if (document.activeElement !== edge && node.contains(document.activeElement)) return;
  event.preventDefault();
  (event.shiftKey ? stops.at(-1) : stops[0])?.focus();
}

let lastId = 0;

/** A new id for tying labels, hints and errors to a control. */
export function newId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}
