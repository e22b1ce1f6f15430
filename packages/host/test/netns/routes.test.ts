import { describe, expect, it } from "vitest";
import { isRouted, parseRoutes, refuseCollision } from "../../src/netns/routes.ts";

const table = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
ve-web\t00000A0A\t00000000\t0001\t0\t0\t0\tFCFFFFFF\t0\t0\t0
ve-web\t00000A0A\t02000A0A\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0
`;
const routes = parseRoutes(table);

describe("the host's routes", () => {
  it("are read with their addresses the right way round", () => {
    expect(routes).toEqual([
      { device: "eth0", network: 0, prefixLength: 0, gateway: 0xc0000201 },
      { device: "eth0", network: 0xc0000200, prefixLength: 24, gateway: 0 },
      { device: "ve-web", network: 0x0a0a0000, prefixLength: 30, gateway: 0 },
      { device: "ve-web", network: 0x0a0a0000, prefixLength: 16, gateway: 0x0a0a0002 },
    ]);
  });

  it("tell where a subnet is sent", () => {
    expect(isRouted("10.10.0.0/16", "10.10.0.2", "ve-web", routes)).toBe(true);
    expect(isRouted("10.10.0.0/16", "10.10.0.3", "ve-web", routes)).toBe(false);
    expect(isRouted("10.11.0.0/16", "10.11.0.2", "ve-web", routes)).toBe(false);
  });

  it.each([
    ["10.10.0.0/16", "ve-db"],
    ["10.10.0.0/24", "ve-db"],
    ["10.0.0.0/8", "ve-db"],
    ["192.0.2.128/25", "ve-db"],
  ])("refuse the subnet %s for another device", (subnet, device) => {
    expect(() => refuseCollision(subnet, device, routes)).toThrow(expect.objectContaining({ code: "wrong_state" }));
  });

  it.each([
    ["10.10.0.0/16", "ve-web"],
    ["10.11.0.0/16", "ve-db"],
    ["192.0.3.0/24", "ve-db"],
  ])("leave the subnet %s to %s", (subnet, device) => {
    expect(() => refuseCollision(subnet, device, routes)).not.toThrow();
  });
});
