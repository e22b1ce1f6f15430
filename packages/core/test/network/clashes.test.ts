import { expect, it } from "vitest";
import { networkClashes } from "../../src/network/clashes.ts";

const link = { host: "10.10.0.1", inside: "10.10.0.2" };
const network = (name: string, ...subnets: string[]) => ({ name, subnets });

it("finds networks over the link's addresses, and no others", () => {
  const networks = [network("mine", "172.18.0.0/16"), network("wide", "fd00::/64", "10.10.0.0/20")];
  expect(networkClashes("web", networks as never, link)).toEqual([
    {
      problem: expect.stringContaining("'wide' of 'web' has the subnet 10.10.0.0/20"),
      advice: expect.stringContaining("'dockersnap docker web -- network rm wide'"),
    },
  ]);
});

it("advises another 'bip' for Docker's own bridge, which cannot be removed", () => {
  const [clash] = networkClashes("web", [network("bridge", "10.10.0.1/20")] as never, link);
  expect(clash?.advice).toContain("engine option 'bip'");
  expect(clash?.advice).not.toContain("network rm");
});
