// Slack's mrkdwn and plain_text as DOM nodes. What is not markup stays text, and only http and https links live.

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { slackDate } from "./dates.js";
import { channelName, groupName, userName } from "./directory.js";

const STYLES = { "*": "strong", _: "em", "~": "s" };
const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
const SPECIAL = new Set(["channel", "here", "everyone"]);
const BARE_URL = /^https?:\/\/[^\s<>"'`]*[^\s<>"'`.,;:!?)\]*_~]/i;
const EMOJI_NAME = /^:([a-z0-9_+-]+):/;

/** Turn &amp; &lt; &gt; into their characters, once. */
export function unescape(text) {
  return text.replace(/&(?:amp|lt|gt);/g, (entity) => ENTITIES[entity]);
}

/** The address when it is http or https, else null. */
export function safeUrl(address) {
  try {
    const url = new URL(address);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

/** A link that opens beside the page, or its label as text when the address may not live. */
export function link(address, label = address) {
  const href = safeUrl(address);
  if (!href) return h("span", {}, label, label === address ? "" : ` (${address})`);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer", "data-testid": "link" }, label);
}

/** A highlighted name; `kind` is user, channel, usergroup or broadcast, `id` what was mentioned. */
export function mention(kind, id, label) {
  return h("span", { class: "mention", "data-mention": id, "data-mention-kind": kind }, label);
}

function special(body, label) {
  const [name, ...rest] = body.split("^");
  if (SPECIAL.has(name)) return mention("broadcast", name, `@${name}`);
  if (name === "subteam" && rest.length) return mention("usergroup", rest[0], label || `@${groupName(rest[0])}`);
  if (name === "date" && rest.length > 1) return dateNode(rest, label);
  return null;
}

function dateNode([seconds, format, address], fallback) {
  const said = slackDate(seconds, format);
  if (said === null) return h("span", {}, fallback);
  const node = h(
    "time",
    { class: "date", datetime: new Date(Number(seconds) * 1000).toISOString(), title: fallback },
    said,
  );
  return address && safeUrl(address) ? link(address, node) : node;
}

/** What stands between < and >, or null when it is no token of Slack's. */
function tokenNode(content) {
  const bar = content.indexOf("|");
  const body = bar < 0 ? content : content.slice(0, bar);
  const label = bar < 0 ? "" : unescape(content.slice(bar + 1));
  if (/^@[UW]\w+$/.test(body)) return mention("user", body.slice(1), `@${userName(body.slice(1))}`);
  if (/^#C\w+$/.test(body)) return mention("channel", body.slice(1), `#${label || channelName(body.slice(1))}`);
  if (body.startsWith("!")) return special(body.slice(1), label);
  const address = unescape(body);
  return safeUrl(address) && /^https?:/i.test(address) ? link(address, label || address) : null;
}

function isWord(character) {
  return character !== undefined && /[\p{L}\p{N}]/u.test(character);
}

/** Where the style that opens at `start` ends, or -1: same line, not after a space, not before a letter. */
function closing(text, start) {
  const mark = text[start];
  const [before, after] = [text[start - 1], text[start + 1]];
  if (isWord(before) || before === mark || !after || /\s/.test(after)) return -1;
  for (let i = start + 1; i < text.length && text[i] !== "\n"; i += 1) {
    if (text[i] === "<") i = Math.max(i, text.indexOf(">", i));
    else if (text[i] === "`") i = Math.max(i, text.indexOf("`", i + 1));
    else if (text[i] === mark && i > start + 1 && !/\s/.test(text[i - 1]) && !isWord(text[i + 1])) return i;
  }
  return -1;
}

/** One piece of markup at `i`: [nodes, where it ends], or null when the character is just itself. */
function piece(text, i, options) {
  const rest = text.slice(i, i + 4000);
  if (text[i] === "<") {
    const end = text.indexOf(">", i);
    const node = end > i + 1 ? tokenNode(text.slice(i + 1, end)) : null;
    return node && [node, end + 1];
  }
  if (text[i] === "`") {
    const end = text.indexOf("`", i + 1);
    const code = end > i + 1 ? text.slice(i + 1, end) : "";
    return code && !code.includes("\n") ? [h("code", {}, unescape(code)), end + 1] : null;
  }
  if (Object.hasOwn(STYLES, text[i])) {
    const end = closing(text, i);
    return end < 0 ? null : [h(STYLES[text[i]], {}, inline(text.slice(i + 1, end), options)), end + 1];
  }
  if (text[i] === ":") {
    const name = EMOJI_NAME.exec(rest)?.[1];
    return name && emoji(name) ? [emojiNode(name, emoji(name)), i + name.length + 2] : null;
  }
  if (!options.verbatim && /^https?:/i.test(rest) && !isWord(text[i - 1])) {
    const found = BARE_URL.exec(rest)?.[0];
    return found ? [link(unescape(found)), i + found.length] : null;
  }
  return null;
}

/** An emoji with its name for screen readers. */
export function emojiNode(name, character) {
  return h("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " ") }, character);
}

function inline(text, options) {
  const nodes = [];
  let plain = 0;
  for (let i = 0; i < text.length; ) {
    const found = "<`*_~:hH".includes(text[i]) ? piece(text, i, options) : null;
    if (!found) {
      i += 1;
      continue;
    }
    if (i > plain) nodes.push(unescape(text.slice(plain, i)));
    nodes.push(found[0]);
    i = plain = found[1];
  }
  if (plain < text.length) nodes.push(unescape(text.slice(plain)));
  return nodes;
}

/** Lines between code blocks: runs of "> " become quotes, the rest stays as it is. */
function lines(text, options) {
  const rest = /^(?:>>>|&gt;&gt;&gt;)/m.exec(text);
  if (rest) {
    const quoted = text.slice(rest.index + rest[0].length).replace(/^ /, "");
    return [...lines(text.slice(0, rest.index), options), h("blockquote", {}, inline(quoted, options))];
  }
  return text.split(/((?:^(?:>|&gt;).*(?:\n|$))+)/m).filter(Boolean).flatMap((part) => {
    if (!/^(?:>|&gt;)/.test(part)) return inline(part, options);
    return h("blockquote", {}, inline(part.replace(/\n$/, "").replace(/^(?:>|&gt;) ?/gm, ""), options));
  });
}

/** Nodes for mrkdwn text; `verbatim` leaves bare addresses as text. */
export function mrkdwn(text, { verbatim = false } = {}) {
  return text.split(/\n?(```[\s\S]+?```)\n?/).filter(Boolean).flatMap((part) => {
    if (part.length > 6 && part.startsWith("```") && part.endsWith("```")) {
      return h("pre", {}, h("code", {}, unescape(part.slice(3, -3).replace(/^\n|\n$/g, ""))));
    }
    return lines(part, { verbatim });
  });
}

/** Nodes for a text object: mrkdwn is read, plain_text is shown as it is (emoji names are drawn if it asks). */
export function textNodes(object) {
  if (typeof object === "string") return [object];
  if (!object) return [];
  if (object.type === "mrkdwn") return mrkdwn(object.text, { verbatim: object.verbatim });
  return object.emoji === true ? withEmoji(object.text) : [object.text];
}

function withEmoji(text) {
  return text.split(/(:[a-z0-9_+-]+:)/).filter(Boolean).map((part) => {
    const name = part.startsWith(":") && part.endsWith(":") ? part.slice(1, -1) : "";
    return name && emoji(name) ? emojiNode(name, emoji(name)) : part;
  });
}

/** The words of a text object alone, for labels. */
export function words(object) {
  return typeof object === "string" ? object : h("span", {}, textNodes(object)).textContent;
}
