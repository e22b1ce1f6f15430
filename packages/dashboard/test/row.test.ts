import type { Instance, PortMapping } from "@dockersnap/contract/words";
import { describe, expect, it } from "vitest";
import { rowOf } from "../src/row.ts";

const instance: Instance = {
  name: "web",
  dataset: "pool/web",
  subnet: "10.10.0.0/16",
  subnet_index: 0,
  metallb_ip: "10.10.10.10",
  socket: "/run/dockersnap/web.sock",
  pid_file: "/run/dockersnap/web.pid",
  created_at: "2026-01-01T00:00:00Z",
  status: "running",
  snapshots: [{ label: "golden", created_at: "2026-01-01T00:00:00Z" }],
};
const port: PortMapping = {
  host_port: 18080,
  container_port: 8080,
  in_container_port: 5678,
  protocol: "tcp",
  description: "http",
};

describe("a line of the dashboard", () => {
  it("leads to the IPv6 loopback where a port is published there alone", () => {
    const six = { ...port, loopback: true as const, ipv6_loopback: "only" as const };
    expect(rowOf(instance, [six], undefined, "vm.example").ports).toMatchObject([{ href: "http://[::1]:18080/" }]);
  });

  it("tells an instance in words, with its ports where the page came from", () => {
    expect(rowOf({ ...instance, health: "healthy", workload_plugin: "echo" }, [port], undefined, "vm.example")).toEqual(
      {
        name: "web",
        status: { text: "running", tone: "good" },
        problem: undefined,
        health: { text: "healthy", tone: "good" },
        workload: "echo",
        ports: [{ text: "http: 18080 → 5678/tcp", href: "http://vm.example:18080/" }],
        snapshots: ["golden"],
        operation: undefined,
      },
    );
  });

  it("tells what an operation does right now, and why a person is needed", () => {
    const row = rowOf(
      { ...instance, status: "error", error: "dockerd died", operation: { id: "op-1", kind: "revert" } },
      [],
      "swap",
      "localhost",
    );
    expect([row.operation?.text, row.status.tone, row.problem]).toEqual(["revert: swap", "bad", "dockerd died"]);
  });

  it("links no port that a browser cannot open", () => {
    const [udp] = rowOf(instance, [{ ...port, protocol: "udp" }], undefined, "localhost").ports;
    expect(udp).toEqual({ text: "http: 18080 → 5678/udp" });
  });
});
