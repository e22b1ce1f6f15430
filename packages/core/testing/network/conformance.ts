import { describe, expect, it } from "vitest";
import { instanceAddresses } from "../../src/network/addresses.ts";
import type { Forward, Network, NetworkSpec } from "../../src/network/network.ts";

/** A network under test on a host of its own: open, and without any instance. */
export interface NetworkSubject extends AsyncDisposable {
  readonly network: Network;
  /**
   * Take a port of the host, on its loopback only, as a program there would, until the test ends. Rejects with `EADDRINUSE`
   * in its message where it is taken.
   */
  listen(port: number, protocol: "tcp" | "udp"): Promise<void>;
}

/** A fresh subject for each test. */
export type NetworkFactory = () => Promise<NetworkSubject>;

const range = { baseOffset: "10.10.0.0", subnetSize: 16, metallbHostOffset: "10.10" };

function spec(name: string, index: number): NetworkSpec {
  return { name, addresses: instanceAddresses(range, index) };
}

function tcp(hostPort: number, targetPort = 80): Forward {
  return { hostPort, protocol: "tcp", targetPort, loopback: false };
}

/** Every promise of `Network` that needs no traffic to be seen, as tests. The real one and the fake pass all of them. */
export function networkConformance(name: string, factory: NetworkFactory): void {
  describe(`${name} keeps the promises of a network`, () => {
    it("has an instance from its creation to its removal", async () => {
      await using subject = await factory();
      const { network } = subject;
      expect(await network.list()).toEqual([]);
      await network.create(spec("web", 0));
      await network.create(spec("db", 1));
      expect(await network.list()).toEqual(["db", "web"]);
      await network.remove("web");
      expect(await network.list()).toEqual(["db"]);
    });

    it("gives each instance a namespace and a resolv.conf of its own, before and after its creation", async () => {
      await using subject = await factory();
      const { network } = subject;
      const before = [network.netnsPath("web"), network.resolvConf("web")];
      await network.create(spec("web", 0));
      expect([network.netnsPath("web"), network.resolvConf("web")]).toEqual(before);
      expect(network.netnsPath("db")).not.toBe(network.netnsPath("web"));
      expect(network.resolvConf("db")).not.toBe(network.resolvConf("web"));
    });

    it("opens, creates and removes twice as it does once", async () => {
      await using subject = await factory();
      const { network } = subject;
      await network.open();
      await network.create(spec("web", 0));
      await network.create(spec("web", 0));
      expect(await network.list()).toEqual(["web"]);
      await network.remove("web");
      await network.remove("web");
      expect(await network.list()).toEqual([]);
    });

    it("refuses a subnet that another instance has", async () => {
      await using subject = await factory();
      await subject.network.create(spec("web", 0));
      await expect(subject.network.create(spec("db", 0))).rejects.toMatchObject({ code: "wrong_state" });
    });

    it("gives a network with its forwards another name, and has nothing under the old one", async () => {
      await using subject = await factory();
      const { network } = subject;
      await network.create(spec("waiting", 0));
      await network.setForwards(spec("waiting", 0), [tcp(18_080)]);
      await network.rename("waiting", spec("web", 0));
      await network.rename("waiting", spec("web", 0));
      expect(await network.list()).toEqual(["web"]);
      expect(await network.hostPortTaken(18_080, "tcp")).toBe(true);
      await network.create(spec("waiting", 1));
      await network.setForwards(spec("web", 0), []);
      expect(await network.hostPortTaken(18_080, "tcp")).toBe(false);
      await network.remove("web");
      expect(await network.list()).toEqual(["waiting"]);
    });

    it("takes exactly the ports last set", async () => {
      await using subject = await factory();
      const { network } = subject;
      await network.create(spec("web", 0));
      await network.setForwards(spec("web", 0), [tcp(18_080), tcp(18_081)]);
      await network.setForwards(spec("web", 0), [tcp(18_081, 81), tcp(18_082)]);
      const taken = [18_080, 18_081, 18_082].map((port) => network.hostPortTaken(port, "tcp"));
      expect(await Promise.all(taken)).toEqual([false, true, true]);
    });

    it("tells TCP and UDP ports of the same number apart", async () => {
      await using subject = await factory();
      const { network } = subject;
      await network.create(spec("web", 0));
      await network.setForwards(spec("web", 0), [tcp(18_080)]);
      expect(await network.hostPortTaken(18_080, "udp")).toBe(false);
      await network.setForwards(spec("web", 0), [tcp(18_080), { ...tcp(18_080), protocol: "udp" }]);
      expect(await network.hostPortTaken(18_080, "udp")).toBe(true);
    });

    it("never takes a port from another instance, and changes nothing when asked to", async () => {
      await using subject = await factory();
      const { network } = subject;
      await network.create(spec("web", 0));
      await network.create(spec("db", 1));
      await network.setForwards(spec("web", 0), [tcp(18_080)]);
      await expect(network.setForwards(spec("db", 1), [tcp(18_081), tcp(18_080)])).rejects.toMatchObject({
        code: "already_exists",
      });
      expect(await network.hostPortTaken(18_081, "tcp")).toBe(false);
    });

    it("gives the ports back with no forwards left, and with the instance", async () => {
      await using subject = await factory();
      const { network } = subject;
      await network.create(spec("web", 0));
      await network.create(spec("db", 1));
      await network.setForwards(spec("web", 0), [tcp(18_080)]);
      await network.setForwards(spec("db", 1), [tcp(18_081)]);
      await network.setForwards(spec("web", 0), []);
      await network.remove("db");
      expect(await network.hostPortTaken(18_080, "tcp")).toBe(false);
      expect(await network.hostPortTaken(18_081, "tcp")).toBe(false);
      await network.setForwards(spec("web", 0), [tcp(18_081)]);
    });

    it.each(["tcp", "udp"] as const)("holds a forwarded %s port, so that no program gets it", async (protocol) => {
      await using subject = await factory();
      const { network } = subject;
      await network.create(spec("web", 0));
      await network.create(spec("db", 1));
      const port = { hostPort: 18_080, protocol, loopback: false };
      expect(await network.hold("web", port)).toBe(true);
      expect(await network.hold("web", port)).toBe(true);
      expect(await network.hold("db", port)).toBe(false);
      await network.setForwards(spec("web", 0), [{ ...port, targetPort: 80 }]);
      await expect(subject.listen(18_080, protocol)).rejects.toThrow("EADDRINUSE");
      await network.setForwards(spec("web", 0), []);
      await subject.listen(18_080, protocol);
      expect(await network.hold("web", port)).toBe(false);
      await expect(network.setForwards(spec("web", 0), [{ ...port, targetPort: 80 }])).rejects.toMatchObject({
        code: "already_exists",
      });
    });

    it("gives a held port back with the instance", async () => {
      await using subject = await factory();
      const { network } = subject;
      await network.create(spec("web", 0));
      expect(await network.hold("web", { hostPort: 18_080, protocol: "tcp", loopback: false })).toBe(true);
      await network.remove("web");
      await subject.listen(18_080, "tcp");
    });

    it("has nothing to report where nobody changed anything", async () => {
      await using subject = await factory();
      const { network } = subject;
      await network.create(spec("web", 0));
      await network.setForwards(spec("web", 0), [tcp(18_080)]);
      expect(await network.report()).toEqual({ faults: [], unknown: [] });
      expect(await network.inspect([spec("web", 0)])).toEqual({ faults: [], unknown: [] });
    });

    it.each(["tcp", "udp"] as const)("sees a %s port that a program on the host has", async (protocol) => {
      await using subject = await factory();
      expect(await subject.network.hostPortTaken(18_080, protocol)).toBe(false);
      await subject.listen(18_080, protocol);
      expect(await subject.network.hostPortTaken(18_080, protocol)).toBe(true);
    });
  });
}
