import { describe, expect, it } from "vitest";
import type { EngineHost } from "../../src/engine/engine.ts";
import type { Forward, Network } from "../../src/network/network.ts";
import { PortForwarding } from "../../src/network/port-forwarding.ts";
import { published } from "../../src/network/published-ports.ts";
import type { Records } from "../../src/records/records.ts";
import { MemoryNetwork } from "../../testing/network/memory-network.ts";

const addresses = { subnet: "10.10.0.0/16", host: "10.10.0.1", inside: "10.10.0.2", metallb: "10.10.10.10" };

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
    engines: { api: () => ({ containers, bridgeNetworks: async () => [] }) } as unknown as EngineHost,
    network: { setForwards, hostPortTaken: async () => false, hold: async () => true } as unknown as Network,
    events: { publish: silent },
    log: { debug: silent, info: silent, warn: silent, error: silent, child: () => ({}) as never },
    spec: (name) => ({ name, addresses }),
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

describe("a published port", () => {
  const silent = () => undefined;

  /** Forwarding on a network in memory, of one container with these ports. */
  function forwarding(
    network: MemoryNetwork,
    ports: readonly object[],
    bridges: readonly { name: string; subnets: string[] }[] = [],
  ) {
    const reserved: { instance: string; protocol: string; containerPort: number; hostPort: number }[] = [];
    const warned: string[] = [];
    const containers = async () => [{ id: "c".repeat(64), name: "web", state: "running", labels: {}, ports }];
    const forwards = new PortForwarding({
      records: {
        instances: { get: silent },
        ports: {
          all: () => reserved,
          of: (instance: string) => reserved.filter((port) => port.instance === instance),
          reserve: (port: (typeof reserved)[number]) => void reserved.push(port),
          release: (_instance: string, protocol: string, containerPort: number) => {
            const at = reserved.findIndex((one) => one.protocol === protocol && one.containerPort === containerPort);
            reserved.splice(at, 1);
          },
        },
      } as unknown as Records,
      engines: { api: () => ({ containers, bridgeNetworks: async () => bridges }) } as unknown as EngineHost,
      network,
      events: { publish: silent },
      log: {
        debug: silent,
        info: silent,
        warn: (text) => void warned.push(text),
        error: silent,
        child: () => ({}) as never,
      },
      spec: (name) => ({ name, addresses }),
    });
    return { forwards, warned };
  }
  const port = (ip: string, publicPort: number) => ({ ip, privatePort: 80, publicPort, protocol: "tcp" });

  it("is said not to answer where a network of containers has the addresses of the link in it", async () => {
    const bridges = [
      { name: "bridge", subnets: ["172.17.0.0/16"] },
      { name: "beside", subnets: ["10.10.4.0/24", "fd00::/64"] },
      { name: "shop", subnets: ["fd01::/64", "10.10.0.0/24"] },
    ];
    const { forwards } = forwarding(new MemoryNetwork(), [port("0.0.0.0", 8080)], bridges);
    await forwards.refresh("web");
    expect(forwards.problemsOf("web")).toEqual([
      expect.stringMatching(/^The Docker network 'shop' of 'web' has the subnet 10\.10\.0\.0\/24, .*network rm shop/),
    ]);
    expect(forwards.of("web")).toHaveLength(1);
  });

  it("is held on the host from the moment it is forwarded", async () => {
    const network = new MemoryNetwork();
    await forwarding(network, [port("0.0.0.0", 8080)]).forwards.refresh("web");
    expect(() => network.listen(8080, "tcp")).toThrow("EADDRINUSE");
  });

  it("gets another number, and that is told, where a program took its own while nobody held it", async () => {
    const network = new MemoryNetwork();
    const { forwards, warned } = forwarding(network, [port("0.0.0.0", 8080)]);
    await forwards.refresh("web");
    await forwards.clear("web");
    network.listen(8080, "tcp");
    await forwards.refresh("web");
    expect(forwards.of("web")).toMatchObject([{ host_port: 20_000, requested_host_port: 8080 }]);
    expect(network.forwards("web")).toMatchObject([{ hostPort: 20_000 }]);
    expect(forwards.problemsOf("web")).toEqual([expect.stringContaining("Port 8080 of the host is in use by another")]);
    expect(warned).toHaveLength(1);
    await forwards.refresh("web");
    expect(forwards.of("web")).toMatchObject([{ host_port: 20_000 }]);
    expect(forwards.problemsOf("web")).toHaveLength(1);
  });

  it("is said to be on the loopback where it is published there alone", async () => {
    const network = new MemoryNetwork();
    const { forwards } = forwarding(network, [port("127.0.0.1", 8080), port("0.0.0.0", 8081)]);
    await forwards.refresh("web");
    expect(forwards.of("web")).toMatchObject([{ host_port: 8080, loopback: true }, { host_port: 8081 }]);
    expect(network.forwards("web").map(({ loopback }) => loopback)).toEqual([true, false]);
  });

  it("is led on at ::1 where it is published there, beside IPv4 or alone", async () => {
    const network = new MemoryNetwork();
    const { forwards } = forwarding(network, [
      port("::1", 8080),
      port("::1", 8081),
      port("127.0.0.1", 8081),
      port("0.0.0.0", 8082),
      port("::1", 8082),
    ]);
    await forwards.refresh("web");
    const [eight, nine, ten] = forwards.of("web");
    expect(eight).toMatchObject({ host_port: 8080, loopback: true, ipv6_loopback: "only" });
    expect(nine).toMatchObject({ host_port: 8081, loopback: true, ipv6_loopback: "too" });
    expect(ten).toMatchObject({ host_port: 8082, ipv6_loopback: "too" });
    expect(ten).not.toHaveProperty("loopback");
    expect(forwards.problemsOf("web")).toEqual([]);
    expect(network.forwards("web").map(({ hostPort, loopback, relayTo }) => [hostPort, loopback, relayTo])).toEqual([
      [8080, true, 8080],
      [8081, true, undefined],
      [8081, true, 8081],
      [8082, false, undefined],
      [8082, true, 8082],
    ]);
  });

  it("is named where it cannot be forwarded, and only then", () => {
    const container = (...ports: object[]) =>
      published([{ id: "c".repeat(64), name: "web", state: "running", labels: {}, ports }] as never);
    expect(container(port("2001:db8::1", 8080))).toEqual({
      services: [],
      unreachable: [
        expect.stringContaining("tcp 8080 of container 'web' is published on the IPv6 address 2001:db8::1"),
      ],
    });
    expect(container({ ...port("::1", 8080), protocol: "udp" })).toEqual({
      services: [],
      unreachable: [
        "The port udp 8080 of container 'web' is published on ::1 alone, where only TCP is forwarded: publish it on 127.0.0.1.",
      ],
    });
    expect(container(port("::", 8080), port("0.0.0.0", 8080)).unreachable).toEqual([]);
    expect(container(port("127.0.0.2", 8080))).toEqual({
      services: [],
      unreachable: [
        expect.stringMatching(/tcp 8080 of container 'web' is published on 127\.0\.0\.2 alone, .*127\.0\.0\.1\.$/),
      ],
    });
    expect(container(port("127.0.0.2", 8080), port("127.0.0.1", 8080)).unreachable).toEqual([]);
  });
});
