import { setTimeout as pause } from "node:timers/promises";
import {
  AccessResponse,
  type CheckRequest,
  DescribeResponse,
  type ForwardedPort,
  HealthResponse,
  type PluginInput,
} from "@dockersnap/contract";
import { portLabels, resolveAccess } from "@dockersnap/core";
import { parseResponse } from "@dockersnap/host/plugins";
import { type EngineContainer, EngineError, listContainers, restartPolicy } from "../engine/docker-api.ts";
import { inputFor } from "../inputs.ts";
import { isAbsent, succeeded, tell } from "../process/observed.ts";
import type { Subject } from "../subject.ts";
import { judgeProgress } from "./progress.ts";
import { judgeAccess } from "./questions.ts";

/** For a workload to come up once its deploy has ended, and between two looks at it. */
const healthyWithinMs = 120_000;
const betweenLooksMs = 1_000;

/** The whole life of a workload on a running engine. What deploy made and teardown leaves stays there. */
export async function checkOnEngine(
  subject: Subject,
  socket: string,
  instance: CheckRequest["instance"],
): Promise<void> {
  const { report, signal } = subject;
  try {
    await liveThrough(subject, socket, instance);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof EngineError)) throw error;
    report.failed("engine/deploy", `no engine answers on ${socket}: ${error.message}`);
  }
}

async function liveThrough(subject: Subject, socket: string, instance: CheckRequest["instance"]): Promise<void> {
  const { caller, report, signal } = subject;
  const before = await listContainers(socket, signal);
  const input = (ports: readonly ForwardedPort[]) =>
    inputFor({ socket, instance, ports, scratch: subject.scratch, config: subject.configuration.values });
  const deployed = await caller.call("deploy", { input: input([]), unhurried: true });
  judgeProgress(report, "deploy", deployed);
  if (succeeded(deployed)) {
    report.ok("engine/deploy");
    const after = await listContainers(socket, signal);
    const made = after.filter(({ Id }) => !before.some((one) => one.Id === Id));
    await checkRestart(subject, socket, made);
    const given = input(forwarded(after));
    await checkHealth(subject, given);
    await checkAnswers(subject, given);
    await checkTeardowns(subject, given);
  } else {
    report.failed("engine/deploy", tell(deployed));
    // A daemon does the same after a deploy that failed.
    judgeProgress(report, "teardown", await caller.call("teardown", { input: input([]), unhurried: true }));
  }
}

/** Ports as a daemon forwards them, each to the number it was published by. */
function forwarded(containers: readonly EngineContainer[]): ForwardedPort[] {
  const labelled = containers.map(({ Id, Labels, Ports }) => ({
    id: Id,
    labels: Labels ?? {},
    ports: (Ports ?? []).map(({ PrivatePort, PublicPort = 0, Type }) => ({
      privatePort: PrivatePort,
      publicPort: PublicPort,
      protocol: Type === "udp" ? ("udp" as const) : ("tcp" as const),
      ip: "0.0.0.0",
    })),
  }));
  const label = portLabels(labelled);
  return labelled.flatMap(({ id, ports }) =>
    ports
      .filter(({ publicPort }) => publicPort > 0)
      .map(({ privatePort, publicPort, protocol }) => ({
        label: label(id, privatePort, protocol),
        container_port: privatePort,
        host_port: publicPort,
        protocol,
      })),
  );
}

async function checkRestart(
  { report, signal }: Subject,
  socket: string,
  made: readonly EngineContainer[],
): Promise<void> {
  if (made.length === 0) {
    report.skip("engine/restart-policy", "deploy made no new container");
    return;
  }
  const policies = await Promise.all(
    made.map(async ({ Id, Names }) => ({
      name: Names[0]?.replace(/^\//, "") ?? Id.slice(0, 12),
      policy: await restartPolicy(socket, Id, signal),
    })),
  );
  const without = policies.filter(({ policy }) => policy === "" || policy === "no").map(({ name }) => name);
  if (without.length > 0) report.warn("engine/restart-policy", `without one: ${without.join(", ")}`);
  else report.ok("engine/restart-policy");
}

/** A workload's health is asked for, never announced: by the daemon on a schedule, and here. */
async function checkHealth({ caller, report, signal }: Subject, input: PluginInput): Promise<void> {
  const deadline = performance.now() + healthyWithinMs;
  for (;;) {
    const observed = await caller.call("health", { input, unhurried: true });
    if (isAbsent(observed)) {
      report.skip("engine/health", "it has no health");
      return;
    }
    const parsed = parseResponse(HealthResponse, observed.stdout);
    if (succeeded(observed) && !("problem" in parsed) && parsed.value.healthy) {
      report.ok("engine/health");
      return;
    }
    if (performance.now() > deadline) {
      report.failed("engine/health", `at last, ${tell(observed)}`);
      return;
    }
    await pause(betweenLooksMs, undefined, { signal });
  }
}

async function checkAnswers({ caller, report }: Subject, input: PluginInput): Promise<void> {
  const described = await caller.call("describe", { input, unhurried: true });
  if (isAbsent(described)) report.skip("engine/describe", "it has no describe");
  else if (succeeded(described) && !("problem" in parseResponse(DescribeResponse, described.stdout))) {
    report.ok("engine/describe");
  } else report.failed("engine/describe", tell(described));

  const accessed = await caller.call("access", { input, unhurried: true });
  if (isAbsent(accessed)) {
    report.skip("engine/access", "it has no access");
    return;
  }
  const parsed = parseResponse(AccessResponse, accessed.stdout);
  if (!succeeded(accessed) || "problem" in parsed) {
    report.failed("engine/access", tell(accessed));
    return;
  }
  judgeAccess(report, accessed);
  // What could harm is told by the rules about access.
  if (report.has("access/env", "failed") || report.has("access/files", "failed")) {
    report.skip("engine/access", "its answer cannot be used");
    return;
  }
  const { warnings = [] } = resolveAccess(parsed.value, {
    instance: input.instance_name,
    socket: input.instance.socket,
    address: "127.0.0.1",
    host: "127.0.0.1",
    ports: (input.forwarded_ports ?? []).map(({ label, container_port, host_port, protocol }) => ({
      description: label,
      in_container_port: container_port,
      container_port: host_port,
      host_port,
      protocol,
    })),
  });
  if (warnings.length > 0) report.failed("engine/access", warnings.join(" "));
  else report.ok("engine/access");
}

async function checkTeardowns({ caller, report }: Subject, input: PluginInput): Promise<void> {
  for (const time of ["the first", "the second"]) {
    const observed = await caller.call("teardown", { input, unhurried: true });
    if (isAbsent(observed)) {
      report.skip("engine/teardown", "it has no teardown");
      return;
    }
    judgeProgress(report, "teardown", observed);
    if (!succeeded(observed)) {
      report.failed("engine/teardown", `${time}: ${tell(observed)}`);
      return;
    }
  }
  report.ok("engine/teardown");
}
