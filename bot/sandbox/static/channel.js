// The middle of the page for a channel, and the pane at its right for a thread: a list of messages over a composer.

import { makeComposer } from "./composer.js";
import { allPeople, avatar, channelName, userName } from "./directory.js";
import { h, icon } from "./dom.js";
import { inChannel, inThread, listItems, showItems } from "./messages.js";

const NEAR_PX = 80;
const NO_COMMANDS = "Slash commands do not work in threads. Type it in the channel instead.";

/** A scrolling log that stays at its end when it was there, and otherwise where the reader left it. */
function makeLog(label) {
  const list = h("div", { class: "log-list", role: "log", "aria-live": "polite", "aria-label": label });
  const jump = h("button", { type: "button", class: "jump", hidden: true }, icon("down"), "New messages");
  const scroller = h("div", { class: "log", tabindex: "0", role: "region", "aria-label": label }, list);
  const node = h("div", { class: "log-wrap" }, scroller, jump);
  let seen = null;
  const atEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_PX;
  const toEnd = () => (scroller.scrollTop = scroller.scrollHeight);
  jump.addEventListener("click", toEnd);
  scroller.addEventListener("scroll", () => atEnd() && (jump.hidden = true));
  new ResizeObserver(() => stuck && toEnd()).observe(list);
  let stuck = true;
  scroller.addEventListener("scroll", () => (stuck = atEnd()));
  return {
    node,
    update(items, page) {
      showItems(list, items, page);
      const last = items.at(-1)?.key ?? null;
      if (stuck) toEnd();
      else if (seen !== null && last !== seen) jump.hidden = false;
      seen = last;
    },
  };
}

function sender(page, { channel, thread }) {
  return (text) => {
    if (!thread || !text.startsWith("/")) return page.send({
      channel,
      text,
      ...(thread ? { thread_ts: thread } : {}),
    });
    page.complain(NO_COMMANDS);
    return false;
  };
}

/** What a newcomer should type, from the app's commands, or null when it has none. */
function firstCommand(state) {
  const command = state.commands[0];
  return command ? `${command.command} ${command.example}` : null;
}

function welcome(channel, { example, fill }) {
  const box = h("div", { class: "welcome", "data-testid": "empty" }, h("h2", {}, `Welcome to #${channel.name}`));
  if (!example) box.append(h(
    "p",
    {},
    "Nothing has been said here yet. The app has no commands either: start it, then come back.",
  ));
  else {
    box.append(
      h(
        "p",
        {},
        "Nothing has been said here yet. To see the app at work, type this into the box below and press Enter:",
      ),
      h(
        "button",
        { type: "button", class: "example", "data-testid": "try-command", onclick: () => fill(example) },
        h("code", {}, example),
        h("span", { class: "quiet" }, "Put it in the box"),
      ),
      h("p", { class: "quiet" }, "Then use “Act as” at the top to be somebody else and answer."),
    );
  }
  return box;
}

/** The view of one channel for one person; `update(state)` brings it up to date. */
export function makeChannel({ me, channel, page }) {
  const log = makeLog(`Messages in ${channelName(channel)}`);
  const name = channel.startsWith("D") ? channelName(channel) : `#${channelName(channel)}`;
  let state = null;
  const composer = makeComposer({
    draft: `${me} ${channel}`,
    label: `Message ${name}`,
    placeholder: "Message, or / for commands",
    commands: () => state?.commands ?? [],
    send: sender(page, { channel }),
  });
  const title = h("h1", {}, channel.startsWith("D") ? null : icon("hash"), channelName(channel));
  const topic = h("p", { class: "topic" });
  const members = h("div", { class: "members" });
  const empty = h("div", { class: "empty-slot" });
  const node = h(
    "section",
    { class: "view", "data-testid": "channel", "data-channel": channel, "aria-label": name },
    h(
      "header",
      { class: "view-head" },
      page.menuButton(),
      h("div", { class: "view-title" }, title, topic),
      members,
    ),
    empty,
    log.node,
    composer.node,
  );
  return {
    node,
    composer,
    update(next) {
      state = next;
      const info = state.channels.find((item) => item.id === channel);
      const all = state.messages[channel] ?? [];
      const shown = inChannel(all).filter((message) => !page.dismissed(message));
      topic.textContent = info?.topic ?? "";
      members.replaceChildren(...faces(info?.members ?? []));
      const example = firstCommand(state);
      if (shown.length) empty.replaceChildren();
      else if (empty.dataset.example !== String(example) || !empty.childElementCount) empty.replaceChildren(welcome(
        info ?? { name: channel },
        { example, fill: composer.fill },
      ));
      empty.dataset.example = String(example);
      log.node.hidden = !shown.length;
      log.update(listItems(shown, { all, channel }), page);
    },
  };
}

function faces(members) {
  const known = allPeople().filter((person) => members.includes(person.id));
  if (!known.length) return [];
  const names = members.map(userName).join(", ");
  return [
    h("span", { class: "faces", title: names }, known.slice(0, 3).map((person) => avatar(person.id))),
    h("span", { class: "quiet", title: names }, `${members.length}`, h("span", { class: "sr-only" }, " members")),
  ];
}

/** The pane of one thread; `update(state)` answers false when its root is gone. */
export function makeThread({ me, channel, root, page }) {
  const first = makeLog("Thread");
  const composer = makeComposer({
    draft: `${me} ${channel} ${root}`,
    label: "Reply in the thread",
    placeholder: "Reply …",
    commands: () => [],
    send: sender(page, { channel, thread: root }),
  });
  const close = h(
    "button",
    {
      type: "button",
      class: "icon-button",
      "aria-label": "Close the thread",
      "data-testid": "close-thread",
      onclick: () => page.closeThread(),
    },
    icon("close"),
  );
  const place = channel.startsWith("D") ? channelName(channel) : `#${channelName(channel)}`;
  const head = h(
    "header",
    { class: "view-head" },
    h("div", { class: "view-title" }, h("h2", {}, "Thread"), h("p", { class: "topic" }, place)),
    close,
  );
  const node = h(
    "aside",
    {
      class: "thread",
      "aria-label": "Thread",
      "data-testid": "thread",
      "data-thread": root,
      onkeydown: (event) => event.key === "Escape" && !event.defaultPrevented && page.closeThread(),
    },
    head,
    first.node,
    composer.node,
  );
  const inside = { ...page, openThread: null };
  return {
    node,
    composer,
    update(state) {
      const all = state.messages[channel] ?? [];
      const start = all.find((message) => message.ts === root);
      if (!start) return false;
      const replies = inThread(all, root).filter((message) => !page.dismissed(message));
      const items = listItems([start, ...replies], { all, channel, days: false });
      const text = `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`;
      items[0].compact = false;
      if (items[1]) items[1].compact = false;
      items.splice(1, 0, { kind: "day", name: text, key: "count" });
      first.update(items, inside);
      return true;
    },
  };
}
