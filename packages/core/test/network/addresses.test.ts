import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { instanceAddresses, lowestFreeIndex } from "../../src/network/addresses.ts";

const range = { baseOffset: "10.10.0.0", subnetSize: 16, metallbHostOffset: "10.10" };

describe("addresses of an instance", () => {
  it("lie in the subnet of its index", () => {
    expect(instanceAddresses(range, 0)).toEqual({
      subnet: "10.10.0.0/16",
      host: "10.10.0.1",
      inside: "10.10.0.2",
      metallb: "10.10.10.10",
    });
    expect(instanceAddresses(range, 1)).toEqual({
      subnet: "10.11.0.0/16",
      host: "10.11.0.1",
      inside: "10.11.0.2",
      metallb: "10.11.10.10",
    });
  });

  it("follow each other without a gap also where a subnet is not a whole octet", () => {
    const small = { baseOffset: "192.168.0.0", subnetSize: 20, metallbHostOffset: "10.10" };
    expect(instanceAddresses(small, 0).subnet).toBe("192.168.0.0/20");
    expect(instanceAddresses(small, 1).subnet).toBe("192.168.16.0/20");
    expect(instanceAddresses(small, 15).subnet).toBe("192.168.240.0/20");
  });

  it("keep the load balancers' address in a subnet smaller than its offset", () => {
    const small = { baseOffset: "192.168.0.0", subnetSize: 24, metallbHostOffset: "10.10" };
    expect(instanceAddresses(small, 3)).toMatchObject({ subnet: "192.168.3.0/24", metallb: "192.168.3.10" });
  });

  it.each([
    ["10.10.0.0", 16, 245, "10.255.0.0/16"],
    ["172.16.0.0", 16, 15, "172.31.0.0/16"],
    ["192.168.0.0", 24, 255, "192.168.255.0/24"],
    ["10.255.255.0", 24, 0, "10.255.255.0/24"],
  ])("from %s with /%i end with number %i", (baseOffset, subnetSize, last, subnet) => {
    const edge = { baseOffset, subnetSize, metallbHostOffset: "0.10" };
    expect(instanceAddresses(edge, last).subnet).toBe(subnet);
    expect(() => instanceAddresses(edge, last + 1)).toThrow(expect.objectContaining({ code: "no_space" }));
  });

  it("never overlap those of another index", () => {
    const index = fc.integer({ min: 0, max: 245 });
    fc.assert(
      fc.property(index, index, (a, b) => {
        fc.pre(a !== b);
        const [left, right] = [instanceAddresses(range, a), instanceAddresses(range, b)];
        expect(Object.values(left).filter((address) => Object.values(right).includes(address))).toEqual([]);
      }),
    );
  });
});

describe("the lowest free index", () => {
  it.each([
    [[], 0],
    [[0, 1, 2], 3],
    [[2, 0, 3], 1],
    [[1, 2], 0],
  ])("of %j is %i", (used, free) => {
    expect(lowestFreeIndex(used)).toBe(free);
  });
});
