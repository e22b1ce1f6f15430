import { PluginInput } from "@dockersnap/contract";
import { expect, it } from "vitest";
import { pluginInput } from "../../src/workload/input.ts";
import { samples } from "../../testing/index.ts";

const workload = { plugin: "kind", config: { cluster_name: "demo", "proxy.http": "x" }, contractVersion: "1" };
const record = samples.instance("demo", 0, {
  createdAt: "2026-04-30T10:00:00.000Z",
  cloneOf: { instance: "base", label: "v1" },
  workload,
});
const facts = {
  command: "access",
  record,
  workload,
  addresses: { subnet: "10.10.0.0/16", host: "10.10.0.1", inside: "10.10.0.2", metallb: "10.10.10.10" },
  socket: "/run/dockersnap/demo.sock",
  dataRoot: "/pool/instances/demo",
  netnsName: "ds-demo",
  ports: [
    {
      label: "",
      host_port: 34567,
      container_port: 16443,
      in_container_port: 6443,
      protocol: "tcp",
      description: "kubernetes-api",
    },
  ],
  env: { HTTP_PROXY: "http://proxy:8080" },
  host: "vm.example.com",
} as const;

it("is what the contract says a plugin reads", () => {
  const input = pluginInput(facts);
  expect(PluginInput.parse(input)).toEqual(input);
  expect(input).toEqual({
    contract_version: "1",
    command: "access",
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
      created_at: "2026-04-30T10:00:00.000Z",
      clone_of: "base@v1",
      host: "vm.example.com",
    },
    forwarded_ports: [{ label: "kubernetes-api", container_port: 6443, host_port: 34567, protocol: "tcp" }],
    env: { HTTP_PROXY: "http://proxy:8080" },
    plugin_config: { cluster_name: "demo", "proxy.http": "x" },
  });
});

it("leaves clone_of empty for an instance of its own", () => {
  expect(pluginInput({ ...facts, record: { ...record, cloneOf: undefined } }).instance.clone_of).toBe("");
});
