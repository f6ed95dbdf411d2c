// Messages: which ones stand in a channel or a thread, and how one is drawn.

import { blockNodes } from "./blocks.js";
import { clock, day, exact, fromTs, moment } from "./dates.js";
import { avatar, userName } from "./directory.js";
import { h, icon, keep } from "./dom.js";
import { mrkdwn, safeUrl } from "./mrkdwn.js";

const GROUP_S = 300; // a second message within five minutes stands under the first one's name

const isReply = (message) => Boolean(message.thread_ts) && message.thread_ts !== message.ts;
const byTs = (one, other) => (one.ts < other.ts ? -1 : 1);

/** The messages of a channel's own list: roots, and replies that were also sent to the channel. */
export function inChannel(messages) {
  return messages.filter((message) => !isReply(message) || message.broadcast).sort(byTs);
}

/** The replies of one thread, without its root. */
export function inThread(messages, rootTs) {
  return messages.filter((message) => isReply(message) && message.thread_ts === rootTs).sort(byTs);
}

function summary(message, replies) {
  const count = replies.filter((reply) => !reply.ephemeral).length;
  if (!count || isReply(message)) return null;
  const users = [...new Set(replies.map((reply) => reply.user))].slice(-3);
  return { count, users, last: replies.at(-1)?.ts ?? message.ts };
}

function follows(previous, message) {
  if (!previous || previous.user !== message.user) return false;
  if (previous.ephemeral || message.ephemeral || message.broadcast) return false;
  return message.ts - previous.ts < GROUP_S && day(fromTs(previous.ts)) === day(fromTs(message.ts));
}

/** What a list shows, in order: {kind: "day"} and {kind: "message"} items, plain data that `keep` can compare. */
export function listItems(shown, { all, channel, days = true }) {
  const items = [];
  shown.forEach((message, place) => {
    const previous = shown[place - 1];
    const name = day(fromTs(message.ts));
    if (days && (!previous || day(fromTs(previous.ts)) !== name)) items.push({
      kind: "day",
      name,
      key: `day-${name}`,
    });
    const root = message.broadcast ? all.find((other) => other.ts === message.thread_ts) : null;
    items.push({
      kind: "message",
      key: `${message.ts}${message.ephemeral ? "-private" : ""}`,
      channel,
      message,
      compact: follows(previous, message),
      thread: days ? summary(message, inThread(all, message.ts)) : null,
      repliedTo: days && root ? { ts: root.ts, text: snippet(root) } : null,
    });
  });
  return items;
}

function snippet(message) {
  const words = h("span", {}, mrkdwn(message.text || "a message")).textContent.replace(/\s+/g, " ").trim();
  return words.length > 70 ? `${words.slice(0, 69)}…` : words;
}

/** Bring a list's node up to date with its items, keeping what did not change. */
export function showItems(list, items, page) {
  keep(
    list,
    items,
    { key: (item) => item.key, build: (item) => (item.kind === "day" ? dayNode(item) : messageNode(item, page)) },
  );
}

function dayNode({ name }) {
  return h("div", { class: "day", role: "separator", "aria-label": name }, h("span", {}, name));
}

function files(list = []) {
  return list.map((file) => {
    const href = safeUrl(new URL(file.url, location.href).href);
    const size = file.size
      ? ` · ${file.size < 1024 ? `${file.size} bytes` : `${Math.ceil(file.size / 1024)} kB`}`
      : "";
    return href && h(
      "a",
      { class: "file", href, download: file.name, "data-testid": "file" },
      icon("download"),
      h("span", { class: "file-name" }, file.name),
      h("span", { class: "quiet" }, size),
    );
  });
}

function body({ message, channel }, page) {
  if (!message.blocks?.length) return h("div", { class: "text" }, mrkdwn(message.text ?? ""));
  const act = (block, element, value) => page.act({
    channel,
    ts: message.ts,
    block_id: block.block_id,
    action_id: element.action_id,
    value,
  });
  return blockNodes(message.blocks, { kind: "message", act, fields: null });
}

function head({ message }) {
  const sent = fromTs(message.ts);
  const name = message.name || userName(message.user);
  const time = h("time", { class: "message-time", datetime: sent.toISOString(), title: exact(sent) }, clock(sent));
  return h(
    "div",
    { class: "message-head" },
    h("span", { class: "message-name" }, name),
    message.bot && h("span", { class: "badge" }, "App"),
    time,
  );
}

function threadLine({ message, thread }, page) {
  if (!thread) return null;
  const text = `${thread.count} ${thread.count === 1 ? "reply" : "replies"}`;
  return h(
    "button",
    {
      type: "button",
      class: "thread-line",
      "data-testid": "open-thread",
      onclick: () => page.openThread(message.ts),
    },
    h("span", { class: "faces" }, thread.users.map((user) => avatar(user))),
    h("span", { class: "thread-count" }, text),
    h("span", { class: "quiet" }, `Last reply ${moment(fromTs(thread.last))}`),
  );
}

function notes({ message, repliedTo }, page) {
  const dismiss = () => page.dismiss(message.ts);
  return [
    message.ephemeral && h(
      "p",
      { class: "message-note", "data-testid": "only-you" },
      icon("eye"),
      "Only visible to you",
      h("button", { type: "button", class: "link-button", onclick: dismiss }, "Dismiss"),
    ),
    repliedTo && h(
      "p",
      { class: "message-note", "data-testid": "replied-to" },
      icon("reply"),
      "replied to a thread: ",
      h(
        "button",
        { type: "button", class: "link-button", onclick: () => page.openThread(repliedTo.ts) },
        repliedTo.text,
      ),
    ),
  ];
}

function tools({ message, thread }, page) {
  if (message.ephemeral || isReply(message) || !page.openThread) return null;
  const label = thread ? "Open the thread" : "Reply in a thread";
  return h(
    "div",
    { class: "message-tools" },
    h(
      "button",
      {
        type: "button",
        class: "icon-button",
        "aria-label": label,
        title: label,
        "data-testid": "reply",
        onclick: () => page.openThread(message.ts),
      },
      icon("reply"),
    ),
  );
}

function messageNode(item, page) {
  const { message, compact } = item;
  const sent = fromTs(message.ts);
  const name = message.name || userName(message.user);
  const gutter = compact
    ? h(
      "time",
      { class: "message-time gutter-time", datetime: sent.toISOString(), title: exact(sent) },
      clock(sent),
    )
    : avatar(message.user, { name, bot: message.bot });
  const kinds = [compact && "compact", message.ephemeral && "ephemeral"].filter(Boolean).join(" ");
  return h(
    "article",
    {
      class: `message ${kinds}`,
      "data-testid": "message",
      "data-ts": message.ts,
      "data-user": message.user,
      "data-ephemeral": message.ephemeral ? "true" : null,
      "aria-label": `${name}, ${clock(sent)}`,
    },
    h("div", { class: "gutter" }, gutter),
    h(
      "div",
      { class: "message-main" },
      notes(item, page),
      compact ? null : head(item),
      h("div", { class: "message-body" }, body(item, page)),
      message.edited && h("span", { class: "quiet edited", title: "This message was changed" }, "(edited)"),
      files(message.files),
      threadLine(item, page),
    ),
    tools(item, page),
  );
}
