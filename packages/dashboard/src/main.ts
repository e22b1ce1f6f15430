import { createClient } from "@dockersnap/client";
import { DockersnapError } from "@dockersnap/contract/words";
import { Follower, type Overview } from "./overview.ts";
import { renderRows } from "./table.ts";

/** For this tab and until it is closed; the daemon gives no cookies. */
const tokenKey = "dockersnap.token";

function part<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`The page has no ${id}.`);
  return found;
}

const daemon = part("daemon", HTMLElement);
const notice = part("notice", HTMLElement);
const noticeText = part("notice-text", HTMLElement);
const retry = part("retry", HTMLButtonElement);
const signIn = part("sign-in", HTMLFormElement);
const signInProblem = part("sign-in-problem", HTMLElement);
const token = part("token", HTMLInputElement);
const table = part("instances", HTMLTableElement);
const empty = part("empty", HTMLElement);
const rows = part("rows", HTMLTableSectionElement);

function show({ daemon: { version, uptime, instances, running }, rows: found }: Overview): void {
  notice.hidden = true;
  signIn.hidden = true;
  daemon.textContent = `version ${version}, up ${uptime}; instances: ${instances}, running: ${running}`;
  table.hidden = found.length === 0;
  empty.hidden = found.length > 0;
  renderRows(rows, found);
}

function askForToken(problem: string): void {
  sessionStorage.removeItem(tokenKey);
  notice.hidden = true;
  table.hidden = true;
  empty.hidden = true;
  signInProblem.textContent = problem;
  signIn.hidden = false;
  token.focus();
}

function tell(problem: string): void {
  noticeText.textContent = problem;
  notice.hidden = false;
}

/** Until the daemon refuses or stays away; then a person decides. */
async function run(): Promise<void> {
  const sent = sessionStorage.getItem(tokenKey) ?? undefined;
  const stop = new AbortController();
  try {
    const client = createClient({ baseUrl: location.origin, token: sent });
    await new Follower(client, location.hostname, show).follow(stop.signal);
  } catch (error) {
    if (error instanceof DockersnapError && error.code === "unauthorized") {
      askForToken(sent === undefined ? "" : error.message);
    } else {
      tell(error instanceof Error ? error.message : String(error));
    }
  } finally {
    stop.abort();
  }
}

signIn.addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(tokenKey, token.value);
  token.value = "";
  void run();
});
retry.addEventListener("click", () => {
  notice.hidden = true;
  void run();
});
void run();
