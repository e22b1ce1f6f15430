import { spawn } from "node:child_process";
import { once } from "node:events";
import { passLines } from "../process/run.ts";
import { listenScript, relayScript } from "./relay-scripts.ts";

export interface RelaySpec {
  /** Of `::1` in the daemon's own network namespace. */
  readonly port: number;
  /** Of `::1` in the namespace at `netnsPath`. */
  readonly target: number;
  readonly netnsPath: string;
}

/** A process that relays connections; it ends with this one. */
export interface Relay {
  /** Resolves when it is gone, and its port free. */
  close(): Promise<void>;
  /** Why it is gone; never for one that was closed. */
  readonly ended: Promise<string>;
}

/** Of the user and the group that nothing belongs to. */
const nobody = "65534";

/**
 * Listen at `::1` of the host and relay to `::1` of a namespace. A program between the two, because the kernel leads nothing
 * from the IPv6 loopback elsewhere. Resolves to "in_use" where another program has the port, and else to why it is not possible.
 */
export async function startRelay({ port, target, netnsPath }: RelaySpec): Promise<Relay | "in_use" | { why: string }> {
  const unprivileged = ["--reuid", nobody, "--regid", nobody, "--clear-groups", "--no-new-privs"];
  const inside = ["nsenter", `--net=${netnsPath}`, "--"];
  // Another user's process loses the signal it is to get, so it is asked for once more. The path behind it all is for people
  // who look at processes.
  const relay = [
    "setpriv",
    ...unprivileged,
    "--pdeathsig",
    "KILL",
    "--",
    "perl",
    "-e",
    relayScript,
    String(target),
    netnsPath,
  ];
  const listener = ["perl", "-e", listenScript, String(port), ...inside, ...relay];
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", ...listener], { cwd: "/", stdio: "pipe" });
  let isClosed = false;
  let said = "";
  const { promise: ended, resolve: end } = Promise.withResolvers<string>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<string>();
  const left = once(child, "exit").catch(() => undefined);
  passLines(child.stdout, begin);
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    if (said.length < 1_000) said += text;
  });
  // Its end is told as such.
  child.stdin.on("error", () => undefined);
  const gone = (reason: string) => {
    begin("");
    if (!isClosed) end(said.trim() === "" ? reason : said.trim());
  };
  child.on("error", (error) => gone(error.message));
  child.on("close", (code, signal) => gone(signal ?? `exit code ${code}`));

  const word = await begun;
  if (word === "in_use") return word;
  if (word.startsWith("impossible ")) return { why: word.slice("impossible ".length) };
  if (word !== "ready") return { why: await ended };
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) unref(stream);
  const close = async () => {
    isClosed = true;
    // Whoever waits for its end keeps this process.
    child.ref();
    if (child.kill("SIGKILL")) await left;
  };
  return { close, ended };
}

function unref(stream: object): void {
  if ("unref" in stream && typeof stream.unref === "function") stream.unref();
}
