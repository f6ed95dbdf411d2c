// Who and what an id stands for: people, the app, channels, user groups; and the picture drawn for each.

import { h, icon } from "./dom.js";

const GROUPS = { S0APPROVERS: "approvers", S0DIRECTORS: "directors" };
const COLOURS = 8;

let people = new Map();
let channels = new Map();
let groups = new Map(Object.entries(GROUPS));
let app = null;

/** Learn the names of a state; called before anything of it is drawn. */
export function learn(state) {
  people = new Map(state.people.map((person) => [person.id, person]));
  channels = new Map(state.channels.map((channel) => [channel.id, channel]));
  if (state.groups) groups = new Map(state.groups.map((group) => [group.id, group.name]));
  app = state.app;
}

export const allPeople = () => [...people.values()];
export const allChannels = () => [...channels.values()];
export const person = (id) => people.get(id) ?? null;

/** The name to show for a user id: a person's, the app's, or the id itself. */
export function userName(id) {
  if (people.has(id)) return people.get(id).real_name;
  return app && app.user === id ? app.name : id;
}

/** "approvals", or for a direct message the other side's name. */
export function channelName(id) {
  return channels.get(id)?.name ?? id;
}

export const groupName = (id) => groups.get(id) ?? id;

function initials(name) {
  const words = name.split(/\s+/).filter(Boolean);
  return (words.length > 1 ? words[0][0] + words.at(-1)[0] : name.slice(0, 2)).toUpperCase();
}

function colourOf(id) {
  const place = [...people.keys()].indexOf(id);
  if (place >= 0) return place % COLOURS;
  return [...id].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % COLOURS;
}

/** A round picture with initials, or the app's mark; decoration, so silent to screen readers. */
export function avatar(id, { name = userName(id), bot = false } = {}) {
  if (bot || (app && app.user === id)) return h(
    "span",
    { class: "avatar avatar-app", "aria-hidden": "true" },
    icon("check"),
  );
  return h("span", { class: `avatar avatar-${colourOf(id)}`, "aria-hidden": "true" }, initials(name));
}
