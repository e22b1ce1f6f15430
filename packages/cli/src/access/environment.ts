import { existsSync } from "node:fs";
import type { Access } from "@dockersnap/contract/words";
import type { Output } from "../output/output.ts";
import { leadsToEngine } from "./engine.ts";
import { withAccessFolder } from "./folder.ts";
import { refusal } from "./variables.ts";

/** The variables an instance offers, in the daemon's order; what may not or cannot be set here is told. */
export function offeredEnvironment(answer: Access, folder: string, baseUrl: string, out: Output): Map<string, string> {
  const env = new Map<string, string>();
  for (const [name, raw] of Object.entries(answer.env)) {
    const value = withAccessFolder(raw, folder);
    const refused = refusal(name, value);
    if (refused !== undefined) out.warn(`${name} is not set: ${refused}.`);
    else if (name === "DOCKER_HOST" && !leadsToEngine(value, baseUrl)) {
      out.warn(
        `DOCKER_HOST is not set: the engine listens on a socket of the daemon's host ${new URL(baseUrl).host}, not on this machine. ` +
          "Docker commands here go where they went before.",
      );
    } else if (name === "DOCKER_HOST" && value.startsWith("unix://") && !existsSync(value.slice("unix://".length))) {
      out.warn(`DOCKER_HOST leads to ${value}, which cannot be seen from here: the daemon may be behind a tunnel.`);
      env.set(name, value);
    } else env.set(name, value);
  }
  // The address belongs to the ports of that engine, so it must not stay without the engine.
  if (!env.has("DOCKER_HOST")) env.delete("TESTCONTAINERS_HOST_OVERRIDE");
  return env;
}
