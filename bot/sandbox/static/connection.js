// The page's line to the sandbox: state arrives over a WebSocket, what a person does goes out by POST.

const RETRY_MS = [200, 500, 1000, 2000];
const MISUNDERSTOOD = "The sandbox did not understand the page. Reload it?";
const UNREACHABLE = "The sandbox does not answer. Is it still running?";

/** Watch the state as one person sees it; `watch(me)` again changes the person. Reconnects by itself until then. */
export function makeStream({ onState, onOnline }) {
  let socket = null;
  let attempt = 0;
  let timer = 0;
  let me = null;

  function open() {
    const mine = new WebSocket(`${location.origin.replace("http", "ws")}/page/stream?as=${encodeURIComponent(me)}`);
    socket = mine;
    mine.onmessage = (event) => {
      if (mine !== socket) return;
      attempt = 0;
      onOnline(true);
      const message = JSON.parse(event.data);
      if (message.type === "state" && message.me === me) onState(message);
    };
    mine.onclose = () => {
      if (mine !== socket) return;
      onOnline(false);
      timer = setTimeout(open, RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
      attempt += 1;
    };
  }

  return {
    watch(person) {
      me = person;
      clearTimeout(timer);
      const old = socket;
      socket = null;
      old?.close();
      open();
    },
  };
}

/** The state once, for finding out who there is before choosing whom to be. */
export async function firstState() {
  const answer = await fetch("/page/state");
  return answer.ok ? answer.json() : null;
}

/** POST to /page/<verb>; always answers {ok, error?, errors?}, also when the sandbox is gone. */
export async function post(verb, body) {
  try {
    const answer = await fetch(`/page/${verb}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return answer.ok ? await answer.json() : { ok: false, error: MISUNDERSTOOD };
  } catch {
    return { ok: false, error: UNREACHABLE };
  }
}
