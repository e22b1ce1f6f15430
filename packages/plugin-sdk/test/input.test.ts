import { describe, expect, it } from "vitest";
import { createPlugin } from "../src/index.ts";
import { runCommand } from "../src/testing/index.ts";

const plugin = createPlugin({ name: "seer", version: "1" });
plugin.onDescribe((ctx) => ({
  status: "seen",
  details: { ...ctx.instance, ports: ctx.forwardedPorts, proxyEnv: ctx.proxyEnv },
}));
const describeInput = async (input: object | string) =>
  runCommand(plugin, "describe", typeof input === "string" ? input : JSON.stringify(input));

const full = {
  contract_version: "1",
  command: "describe",
  instance_name: "demo",
  instance: {
    name: "demo",
    socket: "/run/dockersnap/demo.sock",
    subnet: "10.10.0.0/16",
    data_root: "/pool/instances/demo",
    host_veth_ip: "10.10.0.1",
    ns_veth_ip: "10.10.0.2",
    netns_name: "ds-demo",
    metallb_ip: "10.10.10.10",
    created_at: "2026-04-30T10:00:00Z",
    clone_of: "base@ready",
    host: "vm.example.com",
    added_later: { by: "a newer daemon" },
  },
  forwarded_ports: [{ label: "dns", container_port: 53, host_port: 30053, protocol: "udp", more: true }],
  env: { HTTP_PROXY: "http://proxy:1" },
  plugin_config: {},
  unknown: [1, 2],
};

it("reads every fact, and passes over fields it does not know", async () => {
  const { stdout } = await describeInput(full);
  expect(stdout).toMatchObject({
    details: {
      name: "demo",
      host: "vm.example.com",
      socket: "/run/dockersnap/demo.sock",
      subnet: "10.10.0.0/16",
      dataRoot: "/pool/instances/demo",
      hostVethIp: "10.10.0.1",
      nsVethIp: "10.10.0.2",
      netnsName: "ds-demo",
      metallbIp: "10.10.10.10",
      createdAt: "2026-04-30T10:00:00Z",
      cloneOf: "base@ready",
      ports: [{ label: "dns", containerPort: 53, hostPort: 30053, protocol: "udp" }],
      proxyEnv: { HTTP_PROXY: "http://proxy:1" },
    },
  });
});

it("is content with a version and a name", async () => {
  expect(await describeInput({ contract_version: "1", instance_name: "demo" })).toMatchObject({ exitCode: 0 });
});

it("takes null for an empty list or map", async () => {
  const input = { ...full, forwarded_ports: null, env: null, plugin_config: null };
  expect(await describeInput(input)).toMatchObject({ exitCode: 0, stdout: { ports: [] } });
});

describe("an input that cannot be used", () => {
  it.each([
    ["", "nothing came"],
    ["  \n", "nothing came"],
    ["{", "not JSON"],
    ["[]", "not an object"],
    ["null", "not an object"],
    [{}, "contract version 1; the input is of version (none)"],
    [{ ...full, contract_version: "2" }, "the input is of version 2"],
    [{ contract_version: "1" }, "no instance_name"],
    [{ ...full, instance: 5 }, "instance is not an object"],
    [{ ...full, instance: { ...full.instance, socket: 5 } }, "socket is not a string"],
    [{ ...full, forwarded_ports: {} }, "forwarded_ports is not a list"],
    [{ ...full, forwarded_ports: [{ container_port: 0, host_port: 1 }] }, "forwarded_ports[0]"],
    [{ ...full, env: { A: 1 } }, "A is not a string"],
  ])("is refused: %j", async (input, message) => {
    const { exitCode, stdout } = await describeInput(input);
    expect(exitCode).toBe(1);
    expect(stdout).toMatchObject({ error: expect.stringContaining(message) });
  });
});
