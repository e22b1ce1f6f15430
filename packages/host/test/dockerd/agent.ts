/** Runs behind a fence: a machine whose engine hosts another process drives over IPC. */

import { DockersnapError, type Limits } from "@dockersnap/contract/words";
import type { EngineHost, EngineSpec } from "@dockersnap/core";
import { Machine } from "./machine.ts";

export type HostCall =
  | { readonly method: "start"; readonly spec: EngineSpec; readonly aborted: boolean }
  | { readonly method: "stop"; readonly name: string }
  | {
      readonly method:
        | "kill"
        | "detach"
        | "state"
        | "freeze"
        | "thaw"
        | "suspend"
        | "resume"
        | "use"
        | "containers"
        | "bridgeNetworks"
        | "ping";
      readonly name: string;
    }
  | {
      readonly method: "tmpfs" | "vitals" | "startContainer" | "stopContainer" | "pauseContainer";
      readonly name: string;
      readonly id: string;
    }
  | {
      readonly method: "setRestartPolicy";
      readonly name: string;
      readonly id: string;
      readonly policy: string;
      readonly retries: number;
    }
  | { readonly method: "limit"; readonly name: string; readonly limits: Limits }
  | { readonly method: "adopt"; readonly spec: EngineSpec }
  | { readonly method: "rename"; readonly from: string; readonly spec: EngineSpec }
  | { readonly method: "list" | "close" };

export type MachineCall =
  | { readonly method: "open"; readonly supervision: "direct" | "systemd" }
  | { readonly method: "nextDaemon" | "dispose" }
  | { readonly method: "prepare" | "crash"; readonly name: string };

export type Call = { readonly id: number } & (
  | { readonly host: number; readonly call: HostCall }
  | { readonly host?: undefined; readonly call: MachineCall }
);

export type Message =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: { readonly code?: string; readonly message: string } }
  | { readonly host: number; readonly changed: string }
  | { readonly host: number; readonly gone: string; readonly reason: string };

const send = (message: Message) => process.send?.(message);
const hosts: EngineHost[] = [];
let machine: Machine | undefined;

process.on("message", (message: Call) => {
  const { id } = message;
  const work = message.host === undefined ? onMachine(message.call) : onHost(hosts[message.host], message.call);
  work.then(
    (value) => send({ id, value }),
    (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      send({ id, error: error instanceof DockersnapError ? { code: error.code, message } : { message } });
    },
  );
});
process.on("disconnect", () => process.exit());

async function onMachine(call: MachineCall): Promise<unknown> {
  if (call.method === "open") {
    machine = await Machine.start({ supervision: call.supervision });
    return serve(machine.engines);
  }
  if (machine === undefined) throw new Error("The machine is not open.");
  switch (call.method) {
    case "nextDaemon":
      return serve(machine.nextDaemon());
    case "prepare":
      return machine.prepare(call.name);
    case "crash":
      return machine.crash(call.name);
    case "dispose":
      return machine[Symbol.asyncDispose]();
  }
}

async function onHost(host: EngineHost | undefined, call: HostCall): Promise<unknown> {
  if (host === undefined) throw new Error("There is no such engine host.");
  switch (call.method) {
    case "start":
      return host.start(call.spec, call.aborted ? AbortSignal.abort() : new AbortController().signal);
    case "stop":
      return host.stop(call.name, new AbortController().signal);
    case "limit":
      return host.limit(call.name, call.limits);
    case "ping":
      return host.api(call.name).ping(new AbortController().signal);
    case "bridgeNetworks":
      return host.api(call.name).bridgeNetworks();
    case "containers":
      return host.api(call.name).containers();
    case "tmpfs":
      return host.api(call.name).tmpfs(call.id);
    case "vitals":
      return host.api(call.name).vitals(call.id);
    case "startContainer":
      return host.api(call.name).startContainer(call.id);
    case "pauseContainer":
      return host.api(call.name).pauseContainer(call.id);
    case "setRestartPolicy":
      return host.api(call.name).setRestartPolicy(call.id, call.policy, call.retries);
    case "stopContainer":
      return host.api(call.name).stopContainer(call.id, new AbortController().signal);
    case "adopt":
      return host.adopt(call.spec);
    case "rename":
      return host.rename(call.from, call.spec);
    case "list":
    case "close":
      return host[call.method]();
    default:
      return host[call.method](call.name);
  }
}

function serve(host: EngineHost): number {
  const number = hosts.push(host) - 1;
  host.observe({
    changed: (name) => send({ host: number, changed: name }),
    gone: (name, reason) => send({ host: number, gone: name, reason }),
  });
  return number;
}
