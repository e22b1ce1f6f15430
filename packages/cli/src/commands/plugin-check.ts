import { resolve } from "node:path";
import type { Client } from "@dockersnap/client";
import type { CheckRequest } from "@dockersnap/contract/words";
import { word } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { readConfigFile } from "../config/file.ts";
import { parsePairs, parseTexts } from "../config/pairs.ts";
import { exitCodes, InterruptedError, UsageError } from "../failure.ts";
import type { Io } from "../io.ts";
import { list, text } from "../options.ts";
import { runCheck } from "../plugin/check.ts";
import { CheckView } from "../plugin/check-view.ts";

export const pluginCheck = defineCommand({
  summary: "Check an executable against the plugin contract, rule by rule",
  description:
    "Runs every command of the plugin with good, unusual and hostile input, on this machine and without a daemon. Deploys only\n" +
    "if --socket or --instance names a running engine; the deployed workload is not removed.\n" +
    "Exits with 1 if a rule is broken; warnings do not change the exit code.",
  args: { path: word("path", "The plugin's executable, or the folder of the same name it is in", "file") },
  options: {
    config: list("key=value", "Set a key of the plugin's configuration; may be repeated"),
    configFile: text("file", "Read the plugin's configuration from a YAML or JSON file", { completes: "file" }),
    socket: text("file", "Deploy to the running engine at this socket", { completes: "file" }),
    instance: text("name", "Deploy to this running instance of the daemon on this host", {
      completes: "running-instance",
    }),
  },
  examples: [
    "dockersnap plugin check ./echo",
    "dockersnap plugin check ./echo --config text=hi -o json",
    "dockersnap create try && dockersnap plugin check ./echo --instance try",
  ],
  async run(context) {
    const { args, options, out, io } = context;
    if (options.socket !== undefined && options.instance !== undefined) {
      throw new UsageError("An instance has a socket: give --instance or --socket, not both.");
    }
    const fromFile = options.configFile === undefined ? {} : await readConfigFile(options.configFile);
    const engine =
      options.instance === undefined
        ? { ...(options.socket === undefined ? {} : { socket: resolve(options.socket) }) }
        : await engineOf(context.client, options.instance);
    const request: CheckRequest = {
      path: resolve(args.path),
      config: { ...fromFile, ...parsePairs(options.config, "--config") },
      texts: parseTexts(options.config, "--config"),
      ...engine,
    };
    const view = new CheckView(out, io);
    using interruption = interruptible(io);
    const report = await runCheck(request, io, view, interruption.signal);
    if (interruption.signal.aborted) throw new InterruptedError("Interrupted. The plugin was ended.");
    await view.end(report);
    return report.holds ? exitCodes.done : exitCodes.failed;
  },
});

/** Ctrl-C, or the end of the terminal, ends the plugin first. */
function interruptible(io: Io) {
  const ended = new AbortController();
  const interrupts = io.onInterrupt(() => ended.abort());
  const terminations = io.onTermination(() => ended.abort());
  return {
    signal: ended.signal,
    [Symbol.dispose]() {
      interrupts[Symbol.dispose]();
      terminations[Symbol.dispose]();
    },
  };
}

/** What a plugin is told of a running instance. */
async function engineOf(client: Client, name: string): Promise<Pick<CheckRequest, "socket" | "instance">> {
  const [instance, { target_ip }] = await Promise.all([client.instances.get(name), client.instances.ports(name)]);
  return {
    socket: instance.socket,
    instance: {
      name,
      subnet: instance.subnet,
      // The two ends of one /30: the host's comes first.
      host_veth_ip: target_ip.replace(/\.(\d+)$/, (_, last: string) => `.${Number(last) - 1}`),
      ns_veth_ip: target_ip,
      netns_name: `ds-${name}`,
      metallb_ip: instance.metallb_ip,
      created_at: instance.created_at,
      clone_of: instance.clone_of ?? "",
    },
  };
}
