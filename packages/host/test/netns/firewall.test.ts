import { describe, expect, it } from "vitest";
import { acceptsFor, changesFor } from "../../src/netns/firewall.ts";

const mark = "dockersnap:dockersnap:";
const web = { name: "web", device: "ve-web", stub: undefined };

function filter(forward: "ACCEPT" | "DROP", ...rules: readonly string[]): string {
  return ["*filter", ":INPUT ACCEPT [0:0]", `:FORWARD ${forward} [12:345]`, ...rules, "COMMIT", ""].join("\n");
}

const incoming = `-A FORWARD -i ve-web -m comment --comment ${mark}web -j ACCEPT`;
const outgoing = `-A FORWARD -o ve-web -m comment --comment ${mark}web -j ACCEPT`;

describe("accepts in the host's filter", () => {
  it.each([
    ["there is no filter", ""],
    ["the filter is empty", filter("ACCEPT")],
    ["the only rules are the daemon's own", filter("ACCEPT", incoming, outgoing)],
  ])("are not needed where %s", (_what, saved) => {
    expect(acceptsFor(saved, mark, web)).toEqual([]);
  });

  it.each([
    ["the policy drops", filter("DROP")],
    ["some rule is there", filter("ACCEPT", "-A FORWARD -j ufw-reject-forward")],
  ])("stand in FORWARD where %s", (_what, saved) => {
    expect(acceptsFor(saved, mark, web)).toEqual([incoming, outgoing]);
  });

  it("stand in DOCKER-USER where Docker has that", () => {
    const saved = filter("DROP", ":DOCKER-USER - [0:0]", "-A FORWARD -j DOCKER-USER");
    expect(changesFor(saved, mark, "web", acceptsFor(saved, mark, web))).toEqual([
      `-I DOCKER-USER 1 -i ve-web -m comment --comment ${mark}web -j ACCEPT`,
      `-I DOCKER-USER 1 -o ve-web -m comment --comment ${mark}web -j ACCEPT`,
    ]);
  });

  it("are left as they are when right, with or without quotes around the comment", () => {
    const quoted = outgoing.replace(`${mark}web`, `"${mark}web"`);
    expect(changesFor(filter("DROP", incoming, quoted), mark, "web", [incoming, outgoing])).toEqual([]);
  });

  it("are taken back by the very words they are there in, and only those of the instance", () => {
    const quoted = outgoing.replace(`${mark}web`, `"${mark}web"`);
    const others = [
      `-A FORWARD -i ve-web-2 -m comment --comment ${mark}web-2 -j ACCEPT`,
      "-A FORWARD -i ve-web -m comment --comment dockersnap:other:web -j ACCEPT",
    ];
    expect(changesFor(filter("DROP", ...others, quoted), mark, "web", [])).toEqual([quoted.replace("-A", "-D")]);
  });
});
