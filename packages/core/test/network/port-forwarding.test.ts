import { expect, it } from "vitest";
import type { EngineHost } from "../../src/engine/engine.ts";
import type { Forward, Network } from "../../src/network/network.ts";
import { PortForwarding } from "../../src/network/port-forwarding.ts";
import type { Records } from "../../src/platform/records.ts";

/** Forwards of an instance on whose engine one port is published, each change held until the test lets it through. */
function held() {
  const changes: (readonly Forward[])[] = [];
  const gates: (() => void)[] = [];
  let under = 0;
  let overlapped = false;
  const setForwards = async (_spec: unknown, forwards: readonly Forward[]) => {
    under += 1;
    overlapped ||= under > 1;
    await new Promise<void>((resolve) => gates.push(resolve));
    under -= 1;
    changes.push(forwards);
  };
  const port = { ip: "0.0.0.0", privatePort: 80, publicPort: 8080, protocol: "tcp" };
  const containers = async () => [{ id: "c".repeat(64), state: "running", labels: {}, ports: [port] }];
  const silent = () => undefined;
  const ports = new PortForwarding({
    records: {
      instances: { get: silent },
      ports: { all: () => [], of: () => [], reserve: silent, release: silent },
    } as unknown as Records,
    engines: { api: () => ({ containers }) } as unknown as EngineHost,
    network: { setForwards, hostPortTaken: async () => false } as unknown as Network,
    events: { publish: silent },
    log: { debug: silent, info: silent, warn: silent, error: silent, child: () => ({}) as never },
    spec: () => ({}) as never,
  });
  /** Let the next change through as soon as it is there. */
  const pass = async () => {
    await expect.poll(() => gates.length).toBeGreaterThan(0);
    gates.shift()?.();
  };
  return { ports, changes, pass, overlapped: () => overlapped };
}

it("takes forwards away after a scan under way, never beside it", async () => {
  const { ports, changes, pass, overlapped } = held();
  const scan = ports.refresh("web");
  const clearing = ports.clear("web");
  await pass();
  await pass();
  await Promise.all([scan, clearing]);
  expect(overlapped()).toBe(false);
  expect(changes.map((forwards) => forwards.length)).toEqual([1, 0]);
  expect(ports.of("web")).toEqual([]);
});

it("scans anew for whoever asks after the forwards were taken away", async () => {
  const { ports, changes, pass } = held();
  const acts = [ports.refresh("web"), ports.refresh("web"), ports.clear("web"), ports.refresh("web")];
  expect(acts[1]).toBe(acts[0]);
  for (let change = 0; change < 3; change += 1) await pass();
  await Promise.all(acts);
  expect(changes.map((forwards) => forwards.length)).toEqual([1, 0, 1]);
});
