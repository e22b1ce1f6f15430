import { expect, it } from "vitest";
import { clientHost } from "../../src/index.ts";

it.each([
  ["what the operator says", { advertiseHost: "vm.example.com", proxyBind: "192.0.2.5" }, "10.0.0.1", "vm.example.com"],
  ["where ports listen", { advertiseHost: undefined, proxyBind: "192.0.2.5" }, "10.0.0.1", "192.0.2.5"],
  ["how the client came, where they listen everywhere", { advertiseHost: undefined, proxyBind: "0.0.0.0" }, "vm", "vm"],
  ["this machine, where nobody came", { advertiseHost: undefined, proxyBind: "0.0.0.0" }, undefined, "127.0.0.1"],
])("is %s", (_what, settings, requestHost, host) => {
  expect(clientHost(settings, requestHost)).toBe(host);
});
