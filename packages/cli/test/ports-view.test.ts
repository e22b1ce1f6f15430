import type { PortMapping } from "@dockersnap/contract/words";
import { describe, expect, it } from "vitest";
import { portRows } from "../src/ports-view.ts";

const port = (host: number, inside: number, more: Partial<PortMapping> = {}): PortMapping => ({
  host_port: host,
  container_port: host,
  in_container_port: inside,
  protocol: "tcp",
  description: `container:0123456789ab/${inside}/tcp`,
  container: "shop",
  ...more,
});
const many = (count: number, more: Partial<PortMapping> = {}) =>
  Array.from({ length: count }, (_, index) => port(8000 + index, 80 + index, more));

describe("the rows of published ports", () => {
  it("fold 300 consecutive ports of a container into one", () => {
    expect(portRows(many(300))).toEqual([
      { host: "8000-8299", asked: "", inside: "80-379/tcp", container: "shop", label: "" },
    ]);
  });

  it("fold what was asked for with them", () => {
    const moved = many(3).map((one) => ({ ...one, requested_host_port: one.host_port - 1000 }));
    expect(portRows(moved)).toMatchObject([{ host: "8000-8002", asked: "7000-7002" }]);
  });

  it.each<[string, PortMapping[]]>([
    ["of two containers", [port(80, 80), port(81, 81, { container: "db" })]],
    ["of no known container", many(2, { container: undefined })],
    ["of two protocols", [port(80, 80), port(81, 81, { protocol: "udp" })]],
    ["that lead to one port", [port(80, 80), port(81, 80)]],
    ["with a label each", [port(80, 80, { description: "web" }), port(81, 81, { description: "api" })]],
    ["of which one has another number", [port(80, 80), port(81, 81, { requested_host_port: 7 })]],
    ["of which one answers on the loopback alone", [port(80, 80), port(81, 81, { loopback: true })]],
  ])("keep ports apart %s", (_, ports) => {
    expect(portRows(ports)).toHaveLength(2);
  });

  it("fold TCP and UDP ports that were published with the same numbers apart", () => {
    const both = many(3).flatMap((one) => [one, { ...one, protocol: "udp" as const }]);
    expect(portRows(both).map(({ inside }) => inside)).toEqual(["80-82/tcp", "80-82/udp"]);
  });

  it("name a container by its Compose service first", () => {
    expect(portRows([port(80, 80, { container: "shop_web_1", service: "web" })])).toMatchObject([
      { container: "web (shop_web_1)" },
    ]);
  });

  it("show a label of its own, and a daemon's that does not name the container", () => {
    expect(portRows([port(80, 80, { description: "web" })])).toMatchObject([{ label: "web" }]);
    expect(portRows([port(80, 80, { container: undefined })])).toMatchObject([
      { label: "container:0123456789ab/80/tcp" },
    ]);
  });
});
