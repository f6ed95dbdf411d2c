// The app's home tab, as it published it for the person who looks.

import { blockNodes } from "./blocks.js";
import { avatar } from "./directory.js";
import { h, swap } from "./dom.js";

function nothing(app) {
  return h(
    "div",
    { class: "welcome", "data-testid": "empty" },
    h("h2", {}, `${app.name} has put nothing here yet`),
    h(
      "p",
      {},
      app.connected
        ? "It fills this page when it is ready."
        : "It is not connected. Start it, and this page fills by itself.",
    ),
  );
}

/** The home view for one person; `update(state)` draws it again only when the app has published something new. */
export function makeHome({ page }) {
  const name = h("h1", {});
  const status = h("p", { class: "topic" });
  let content = h("div", { class: "home-body" });
  let print = null;
  const picture = h("span", {});
  const scroller = h(
    "div",
    { class: "log home-scroll", tabindex: "0", role: "region", "aria-label": "Home of the app" },
    content,
  );
  const node = h(
    "section",
    { class: "view", "data-testid": "home", "aria-label": "App home" },
    h(
      "header",
      { class: "view-head" },
      page.menuButton(),
      picture,
      h("div", { class: "view-title" }, name, status),
    ),
    scroller,
  );
  return {
    node,
    update(state) {
      const { app, home } = state;
      name.textContent = app.name;
      status.textContent = "Home";
      picture.replaceChildren(avatar(app.user, { bot: true }));
      const next = home ? `${home.id} ${home.hash ?? ""} ${JSON.stringify(home.blocks)}` : `none ${app.connected}`;
      if (next === print) return;
      print = next;
      const act = (block, element, value) => page.act({
        view_id: home.id,
        block_id: block.block_id,
        action_id: element.action_id,
        value,
      });
      const fresh = h(
        "div",
        { class: "home-body", "data-view-id": home?.id },
        home ? blockNodes(home.blocks, { kind: "home", act, fields: null }) : nothing(app),
      );
      swap(content, fresh);
      content = fresh;
    },
  };
}
