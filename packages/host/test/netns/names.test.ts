import { describe, expect, it } from "vitest";
import { NetworkNames } from "../../src/netns/names.ts";

const names = new NetworkNames({ namespacePrefix: "ds-", vethPrefix: "ve-", etcNetnsDir: "/etc/netns" });

describe("what an instance's network is called on the host", () => {
  it("is its name with a prefix", () => {
    expect(names.netnsPath("web")).toBe("/run/netns/ds-web");
    expect(names.etcFolder("web")).toBe("/etc/netns/ds-web");
    expect(names.device("web")).toBe("ve-web");
    expect(names.device("twelve-chars")).toBe("ve-twelve-chars");
  });

  it("is hashed where a device's name would be too long", () => {
    expect(names.device("thirteen-char")).toBe("ve-3adc6cba");
  });

  it("leads back to the instance", () => {
    expect(names.ofNamespace("ds-web")).toBe("web");
    expect(names.ofDevice("ve-3adc6cba", names.alias("thirteen-char"))).toBe("thirteen-char");
  });

  it.each([
    ["ve-web", "dockersnap:db"],
    ["ve-web", ""],
    ["ve-web", "dockersnap:"],
    ["eth0", "dockersnap:web"],
  ])("does not claim the device %s with the alias %j", (device, alias) => {
    expect(names.ofDevice(device, alias)).toBeUndefined();
  });

  it.each(["ds-", "ds-Web", "web", "ds-web.old", "other"])("does not claim the namespace %s", (namespace) => {
    expect(names.ofNamespace(namespace)).toBeUndefined();
  });

  it.each(["", "../etc", "web db", "web\nlink delete eth0", 'web"'])("is refused for %j", (name) => {
    expect(() => names.device(name)).toThrow(expect.objectContaining({ code: "invalid_request" }));
  });
});
