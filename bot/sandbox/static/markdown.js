// The markdown block: headings, lists, quotes, code, rules, bold, italic, strike and links, as DOM nodes.

import { h } from "./dom.js";
import { link } from "./mrkdwn.js";

const INLINE = new RegExp(
  [
    /(`[^`\n]+`)/,
    /\*\*(?=\S)(.+?)(?<=\S)\*\*/,
    /~~(?=\S)(.+?)(?<=\S)~~/,
    /(?<!\w)([*_])(?=\S)(.+?)(?<=\S)\4(?!\w)/,
    /\[([^\]\n]+)\]\(([^)\s]+)\)/,
  ]
    .map((pattern) => pattern.source)
    .join("|"),
);
const KINDS = [
  ["fence", /^```/],
  ["heading", /^#{1,6}\s+/],
  ["rule", /^(?:-{3,}|\*{3,}|_{3,})\s*$/],
  ["quote", /^>\s?/],
  ["bullets", /^\s*[-*+]\s+/],
  ["numbers", /^\s*\d+[.)]\s+/],
  ["blank", /^\s*$/],
];

function styled([, code, bold, strike, , italic, label, address]) {
  if (code) return h("code", {}, code.slice(1, -1));
  if (bold) return h("strong", {}, inline(bold));
  if (strike) return h("s", {}, inline(strike));
  return italic ? h("em", {}, inline(italic)) : link(address, label);
}

function inline(text) {
  const nodes = [];
  let rest = text;
  for (let found = INLINE.exec(rest); found; found = INLINE.exec(rest)) {
    nodes.push(rest.slice(0, found.index), styled(found));
    rest = rest.slice(found.index + found[0].length);
  }
  return [...nodes, rest].filter((node) => node !== "");
}

function kindOf(line) {
  return KINDS.find(([, pattern]) => pattern.test(line))?.[0] ?? "paragraph";
}

const strip = (kind) => (line) => line.replace(KINDS.find(([name]) => name === kind)[1], "");

function heading([line]) {
  return h("div", { class: "md-heading", role: "heading", "aria-level": "4" }, inline(strip("heading")(line)));
}

const NODES = {
  blank: () => [],
  rule: () => h("hr"),
  heading,
  quote: (lines) => h("blockquote", {}, inline(lines.map(strip("quote")).join("\n"))),
  bullets: (lines) => h("ul", {}, lines.map((line) => h("li", {}, inline(strip("bullets")(line))))),
  numbers: (lines) => h("ol", {}, lines.map((line) => h("li", {}, inline(strip("numbers")(line))))),
  paragraph: (lines) => h("p", {}, inline(lines.join("\n"))),
};

/** Nodes for a markdown block's text. */
export function markdown(text) {
  const lines = text.split("\n");
  const nodes = [];
  for (let i = 0; i < lines.length; ) {
    const kind = kindOf(lines[i]);
    let end = i + 1;
    if (kind === "fence") {
      while (end < lines.length && !lines[end].startsWith("```")) end += 1;
      nodes.push(h("pre", {}, h("code", {}, lines.slice(i + 1, end).join("\n"))));
      i = end + 1;
      continue;
    }
    while (kind !== "heading" && end < lines.length && kindOf(lines[end]) === kind) end += 1;
    nodes.push(NODES[kind](lines.slice(i, end)));
    i = end;
  }
  return nodes.flat();
}
