// The rich_text block as DOM nodes: sections, lists, quotes, preformatted text and what stands inside them.

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { slackDate } from "./dates.js";
import { channelName, groupName, userName } from "./directory.js";
import { emojiNode, link, mention } from "./mrkdwn.js";

const STYLES = { code: "code", strike: "s", italic: "em", underline: "u", bold: "strong" };
const MAX_INDENT = 8;

function styled(node, style = {}) {
  return Object.entries(STYLES).reduce((inner, [name, tag]) => (style[name] ? h(tag, {}, inner) : inner), node);
}

function fromUnicode(code) {
  const points = code.split("-").map((part) => Number.parseInt(part, 16));
  return points.every((point) => point >= 0 && point <= 0x10ffff) ? String.fromCodePoint(...points) : null;
}

function emojiOf({ name, unicode }) {
  const character = (unicode && fromUnicode(unicode)) || emoji(name);
  return character ? emojiNode(name, character) : `:${name}:`;
}

function dateOf({ timestamp, format, fallback, url }) {
  const said = slackDate(timestamp, format) ?? fallback ?? "";
  return url ? link(url, said) : h("span", { class: "date", title: fallback ?? said }, said);
}

const PIECES = {
  text: (piece) => piece.text,
  link: (piece) => link(piece.url, piece.text || piece.url),
  user: (piece) => mention("user", piece.user_id, `@${userName(piece.user_id)}`),
  channel: (piece) => mention("channel", piece.channel_id, `#${channelName(piece.channel_id)}`),
  usergroup: (piece) => mention("usergroup", piece.usergroup_id, `@${groupName(piece.usergroup_id)}`),
  broadcast: (piece) => mention("broadcast", piece.range, `@${piece.range}`),
  color: (piece) => piece.value,
  emoji: emojiOf,
  date: dateOf,
};

function pieces(elements = []) {
  const known = elements.filter((piece) => Object.hasOwn(PIECES, piece.type));
  return known.map((piece) => styled(PIECES[piece.type](piece), piece.style));
}

function list(part) {
  const indent = Math.min(Math.max(part.indent ?? 0, 0), MAX_INDENT);
  const items = part.elements.map((item) => h("li", {}, pieces(item.elements)));
  const start = part.offset ? part.offset + 1 : null;
  return h(part.style === "ordered" ? "ol" : "ul", { class: `rich-list indent-${indent}`, start }, items);
}

const PARTS = {
  rich_text_section: (part) => h("div", { class: "rich-section" }, pieces(part.elements)),
  rich_text_quote: (part) => h("blockquote", {}, pieces(part.elements)),
  rich_text_preformatted: (part) => h("pre", {}, h("code", {}, pieces(part.elements))),
  rich_text_list: list,
};

/** Nodes for a rich_text block's elements; unknown kinds show nothing. */
export function richText(elements = []) {
  return elements.map((part) => (Object.hasOwn(PARTS, part.type) ? PARTS[part.type](part) : ""));
}
