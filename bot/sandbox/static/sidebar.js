// The sidebar (channels, direct messages, the app) and the strip at the top where one chooses whom to be.

import { avatar, channelName, userName } from "./directory.js";
import { h, icon, keep } from "./dom.js";

const MODES = { http: "over HTTP", socket: "over Socket Mode" };

function statusWords(app) {
  return `${app.name}: ${app.connected ? `connected ${MODES[app.mode] ?? ""}` : "not connected"}`;
}

function directName(channel, me) {
  const others = channel.members.filter((member) => member !== me);
  return others.map(userName).join(", ") || channel.name;
}

/** The places a person can go to: {key, kind, id, name, current, unread}. */
function places(state, { place, unread }) {
  const row = (kind, id, name, face = null) => ({
    key: id,
    kind,
    id,
    name,
    face,
    current: place === id,
    unread: place === id ? 0 : unread(id),
  });
  const shared = state.channels.filter((channel) => !channel.id.startsWith("D"));
  const direct = state.channels.filter((channel) => channel.id.startsWith("D") && channel.members.includes(state.me));
  return {
    channels: shared.map((channel) => row("channel", channel.id, channel.name)),
    direct: direct.map((channel) => row(
      "direct",
      channel.id,
      directName(channel, state.me),
      channel.members.find((member) => member !== state.me),
    )),
    apps: [row("app", "home", state.app.name)],
  };
}

function placeNode(item, go) {
  const signs = { channel: () => icon("hash"), app: () => icon("home"), direct: () => avatar(item.face) };
  const label = item.kind === "app" ? `${item.name} home` : item.name;
  const count = item.unread
    ? h("span", { class: "unread", "aria-label": `${item.unread} new` }, item.unread)
    : null;
  const attributes = {
    class: `place${item.unread ? " has-unread" : ""}`,
    type: "button",
    "aria-current": item.current ? "page" : null,
    "data-testid": item.kind === "app" ? "open-home" : "place",
    "data-channel": item.kind === "app" ? null : item.id,
  };
  return h(
    "li",
    {},
    h(
      "button",
      { ...attributes, onclick: () => go(item.id) },
      signs[item.kind](),
      h("span", { class: "place-name" }, label),
      count,
    ),
  );
}

/** The sidebar; `go(place)` is called with a channel id or "home". */
export function makeSidebar({ go }) {
  const lists = Object.fromEntries(["channels", "direct", "apps"].map((name) => [
    name,
    h("ul", { class: "places" }),
  ]));
  const heads = { channels: "Channels", direct: "Direct messages", apps: "Apps" };
  const groups = Object.entries(lists).map(([name, list]) => h(
    "div",
    { class: "place-group", "data-group": name },
    h("h2", {}, heads[name]),
    list,
  ));
  const team = h("p", { class: "team", "data-testid": "team" });
  const dot = h("span", { class: "dot", "aria-hidden": "true" });
  const words = h("span", {});
  const status = h("p", { class: "app-status", role: "status", "data-testid": "app-status" }, dot, words);
  const node = h(
    "nav",
    { class: "sidebar", id: "sidebar", "aria-label": "Channels and apps" },
    team,
    groups,
    h(
      "div",
      { class: "side-foot" },
      status,
      h("p", { class: "quiet" }, "A local Slack. Nothing leaves this machine."),
    ),
  );
  return {
    node,
    update(state, view) {
      const shown = places(state, view);
      for (const [name, list] of Object.entries(lists)) {
        list.parentElement.hidden = !shown[name].length;
        keep(list, shown[name], { key: (item) => item.key, build: (item) => placeNode(item, go) });
      }
      team.textContent = state.team.name;
      status.dataset.connected = String(state.app.connected);
      words.textContent = statusWords(state.app);
    },
  };
}

function personNode({ person, current }, become) {
  const first = person.real_name.split(" ")[0];
  const words = h(
    "span",
    { class: "person-words" },
    h("span", { class: "person-name" }, first),
    h("span", { class: "person-title" }, person.title),
  );
  return h(
    "button",
    {
      type: "button",
      class: "person",
      "aria-pressed": String(current),
      "aria-label": `Act as ${person.real_name}, ${person.title}`,
      title: `${person.real_name} · ${person.title}`,
      "data-person": person.id,
      onclick: () => become(person.id),
    },
    avatar(person.id),
    words,
  );
}

/** "Act as": one button per person; `become(id)` is called with the chosen one. */
export function makeCast({ become }) {
  const list = h("div", { class: "people" });
  const node = h(
    "div",
    { class: "cast", role: "group", "aria-label": "Act as", "data-testid": "act-as" },
    h("span", { class: "cast-label", "aria-hidden": "true" }, "Act as"),
    list,
  );
  return {
    node,
    update(state) {
      const items = state.people.map((person) => ({ person, current: person.id === state.me }));
      keep(list, items, { key: (item) => item.person.id, build: (item) => personNode(item, become) });
    },
  };
}

/** "#approvals" or a person's name, for the window's title. */
export function placeTitle(state, place) {
  if (place === "home") return state.app.name;
  const channel = state.channels.find((item) => item.id === place);
  return channel?.id.startsWith("D") ? directName(channel, state.me) : `#${channelName(place)}`;
}
