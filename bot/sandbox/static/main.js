// The page of the sandbox: who am I, where am I, and everything drawn from the one state that the sandbox sends.
//
// Hooks that tests may rely on (attributes; everything else may change):
//   data-testid       app act-as team app-status banner theme menu place open-home channel home empty try-command
//                     message only-you replied-to reply open-thread file link thread close-thread
//                     composer composer-input suggestion modal modal-submit modal-close modal-x
//                     field field-error confirm confirm-yes confirm-deny toast
//   data-me, data-online              on app: whose state is drawn, whether the page hears the sandbox
//   data-connected                    on app-status: whether the app is there
//   data-person                       a button of "Act as"; aria-pressed says who one is
//   data-channel                      a channel's button in the sidebar, and the channel's view
//   data-thread                       the open thread's pane: the ts of its root
//   data-ts, data-user, data-ephemeral          a message
//   data-view-id, data-callback-id              a modal (data-view-id also on the home's body)
//   data-block-id, data-block-type              a block
//   data-action-id                    the control itself; for radio buttons and checkboxes their group
//   data-value                        an item of an overflow menu
//   data-mention, data-mention-kind   a live mention; text that only looks like one has neither
// The address keeps who and where: #as=U0RITA&at=C0APPROVALS&thread=1763842800.000100 ("at" may be "home").
// A permalink arrives as #C0APPROVALS/p1763842800000100 and leads to that message.

import { makeChannel, makeThread } from "./channel.js";
import { firstState, makeStream, post } from "./connection.js";
import { learn, userName } from "./directory.js";
import { h, icon } from "./dom.js";
import { makeHome } from "./home.js";
import { makeModals } from "./modals.js";
import { makeCast, makeSidebar, placeTitle } from "./sidebar.js";
import { makeThemeButton } from "./theme.js";
import { toast } from "./toast.js";

const ME = "sandbox-me";
const PERMALINK = /^#([CD]\w+)\/p(\d+)(\d{6})$/;
const WENT_WRONG = "Something went wrong. Try again?";

const app = document.getElementById("app");
const main = document.getElementById("main");
const side = document.getElementById("side");
const banner = document.getElementById("banner");
const seen = new Map();
const gone = new Set();
let route = { me: null, place: null, thread: null };
let state = null;
let online = true;
let view = null;
let thread = null;

function readRoute() {
  const [, channel, seconds, micros] = PERMALINK.exec(location.hash) ?? [];
  if (channel) return { place: channel, thread: null, target: `${seconds}.${micros}` };
  const parts = new URLSearchParams(location.hash.slice(1));
  return { me: parts.get("as"), place: parts.get("at"), thread: parts.get("thread") };
}

function rememberedMe() {
  try {
    return localStorage.getItem(ME);
  } catch {
    return null; // storage can be switched off; the address still says who one is
  }
}

function rememberMe(me) {
  try {
    localStorage.setItem(ME, me);
  } catch {
    return; // as above
  }
}

function writeRoute(replace = false) {
  const parts = new URLSearchParams();
  if (route.me) parts.set("as", route.me);
  if (route.place) parts.set("at", route.place);
  if (route.thread) parts.set("thread", route.thread);
  history[replace ? "replaceState" : "pushState"](null, "", `#${parts}`);
  if (route.me) rememberMe(route.me);
}

function fold(open) {
  app.classList.toggle("menu-open", open);
  document.querySelectorAll("[data-testid=menu]").forEach((node) => node.setAttribute(
    "aria-expanded",
    String(open),
  ));
  if (open) side.querySelector("[aria-current]")?.focus();
}

const page = {
  act: async (body) => report(await post("action", { as: route.me, ...body })),
  send: async (body) => {
    const result = await post("message", { as: route.me, ...body });
    report(result);
    return result.ok;
  },
  submit: (viewId, values) => post("submit", { as: route.me, view_id: viewId, values }),
  close: async (viewId) => report(await post("close", { as: route.me, view_id: viewId })),
  complain: (text) => toast(text),
  openThread: (ts) => {
    go({ thread: ts });
    thread?.composer.input.focus();
  },
  closeThread: () => {
    const root = route.thread;
    go({ thread: null });
    const opener = main.querySelector(`[data-ts="${CSS.escape(root)}"] [data-testid=open-thread]`);
    (opener ?? view.composer?.input)?.focus();
  },
  dismiss: (ts) => {
    gone.add(`${route.me} ${ts}`);
    draw();
    view.composer?.input.focus();
  },
  dismissed: (message) => message.ephemeral && gone.has(`${route.me} ${message.ts}`),
  menuButton: () => h(
    "button",
    {
      type: "button",
      class: "icon-button menu-button",
      "aria-label": "Channels and apps",
      "aria-controls": "sidebar",
      "aria-expanded": "false",
      "data-testid": "menu",
      onclick: () => fold(!app.classList.contains("menu-open")),
    },
    icon("menu"),
  ),
};

function report(result) {
  if (!result.ok) toast(result.error ?? Object.values(result.errors ?? {})[0] ?? WENT_WRONG);
}

const sidebar = makeSidebar({
  go: (place) => { fold(false); go({ place, thread: null }); view.composer?.input.focus(); },
});
const cast = makeCast({ become: (me) => go({ me }) });
const modals = makeModals(page);
const stream = makeStream({ onState: take, onOnline: (now) => { online = now; drawBanner(); } });

/** Change who or where; what is not named stays. */
function go(changes, { replace = false } = {}) {
  const before = route;
  route = { ...route, ...changes };
  writeRoute(replace);
  if (route.me !== before.me) stream.watch(route.me);
  else draw();
  const arrives = before.place !== "home" || before.me !== route.me;
  if (route.place === "home" && arrives) post("home", { as: route.me }).then(report);
}

function take(next) {
  state = next;
  learn(state);
  draw();
}

function unread(place) {
  const key = `${state.me} ${place}`;
  const count = (state.messages[place] ?? []).filter((message) => message.user !== state.me).length;
  if (!seen.has(key) || place === route.place) seen.set(key, count);
  return Math.max(0, count - seen.get(key));
}

function drawPlace() {
  const key = `${state.me} ${route.place}`;
  if (view?.key !== key) {
    view = route.place === "home" ? makeHome({ page }) : makeChannel({ me: state.me, channel: route.place, page });
    view.key = key;
    main.replaceChildren(view.node);
  }
  view.update(state);
}

function drawThread() {
  const key = route.thread && route.place !== "home" ? `${state.me} ${route.place} ${route.thread}` : null;
  if (thread?.key !== key) {
    thread?.node.remove();
    thread = key && makeThread({ me: state.me, channel: route.place, root: route.thread, page });
    if (thread) {
      thread.key = key;
      main.after(thread.node);
    }
  }
  const there = thread ? thread.update(state) : false;
  if (thread && !there) {
    thread.node.remove();
    thread = null;
  }
  app.classList.toggle("thread-open", Boolean(thread));
}

/** Bring a permalink's message into view, in its thread when it is a reply. */
function drawTarget() {
  const message = route.target && (state.messages[route.place] ?? []).find((one) => one.ts === route.target);
  if (!message) return;
  const root = message.thread_ts && message.thread_ts !== message.ts && !message.broadcast
    ? message.thread_ts
    : null;
  route = { ...route, target: null, thread: root ?? route.thread };
  writeRoute(true);
  drawThread();
  const node = (root ? thread.node : view.node).querySelector(`[data-ts="${CSS.escape(message.ts)}"]`);
  node.tabIndex = -1;
  node.scrollIntoView({ block: "center" });
  node.focus({ preventScroll: true });
}

function drawBanner() {
  const words = !online
    ? "The connection to the sandbox is lost. Trying again …"
    : state && !state.app.connected
    ? `${state.app.name} is not connected yet. Commands and buttons will not be answered.`
    : "";
  app.dataset.online = String(online);
  banner.hidden = !words;
  if (banner.textContent !== words) banner.textContent = words;
}

function draw() {
  if (!state || state.me !== route.me) return;
  if (route.place !== "home" && !state.channels.some((channel) => channel.id === route.place)) {
    route = { ...route, place: state.channels[0].id, thread: null };
    writeRoute(true);
  }
  app.dataset.me = state.me;
  app.removeAttribute("aria-busy");
  document.getElementById("team").textContent = state.team.name;
  document.title = [placeTitle(state, route.place), userName(state.me), state.team.name].join(" · ");
  cast.update(state);
  sidebar.update(state, { place: route.place, unread });
  drawPlace();
  drawThread();
  drawTarget();
  drawBanner();
  modals.sync(state.views);
}

/** A link to a message of this sandbox leads there without leaving the page. */
function followPermalink(event) {
  const anchor = event.target.closest?.("a[href]");
  const [, channel, message] = anchor?.origin === location.origin
    ? /^\/archives\/(\w+)\/(p\d+)$/.exec(anchor.pathname) ?? []
    : [];
  if (!channel) return;
  event.preventDefault();
  location.hash = `${channel}/${message}`;
}

async function start() {
  document.getElementById("cast-slot").append(cast.node);
  document.getElementById("theme-slot").append(makeThemeButton());
  side.append(sidebar.node);
  const asked = readRoute();
  const first = await firstState().catch(() => null);
  if (!first) {
    online = false;
    drawBanner();
    setTimeout(() => location.reload(), 2000);
    return;
  }
  const known = (id) => first.people.some((person) => person.id === id);
  const me = [asked.me, rememberedMe(), first.people[0].id].find(known);
  go({ ...asked, me, place: asked.place }, { replace: true });
  addEventListener("popstate", () => {
    const { me: asAsked, ...where } = readRoute();
    go({ ...where, me: known(asAsked) ? asAsked : route.me }, { replace: true });
  });
  document.addEventListener("click", followPermalink);
  addEventListener(
    "keydown",
    (event) => event.key === "Escape" && app.classList.contains("menu-open") && fold(false),
  );
  document.getElementById("scrim").addEventListener("click", () => fold(false));
}

start();
