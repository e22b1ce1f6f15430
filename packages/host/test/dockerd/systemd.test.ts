import { expect, it } from "vitest";
import { EngineCgroup } from "../../src/dockerd/cgroups/index.ts";
import { createSystemdSupervision, unitArguments } from "../../src/dockerd/supervision/systemd.ts";

const hierarchies = { legacy: [], unified: "/sys/fs/cgroup" };
const launch = {
  name: "web",
  group: new EngineCgroup(hierarchies, "/dockersnap.slice/dockersnap-web.service"),
  command: (entrances: readonly string[]) => ["sandbox", ...entrances] as const,
  limits: { memory: 1_073_741_824, cpus: 1.5, pids: 500 },
  log: "/run/dockersnap/web/dockerd.log",
};

it("starts a sandbox as a transient unit that owns its part of the control groups", () => {
  const words = unitArguments("dockersnap-web.service", launch);
  const command = words.slice(words.indexOf("--") + 1);
  expect(words).toEqual(expect.arrayContaining(["--unit=dockersnap-web.service", "--slice=dockersnap.slice"]));
  expect(words).toEqual(expect.arrayContaining(["--service-type=notify", "--collect", "--property=Delegate=yes"]));
  expect(words).toContain("--property=OOMPolicy=continue");
  expect(command.slice(-3)).toEqual([
    "/sys/fs/cgroup/dockersnap.slice/dockersnap-web.service/engine/cgroup.procs",
    "--",
    "sandbox",
  ]);
});

it("bounds the unit, and lifts systemd's own bound on processes where there is none", () => {
  expect(unitArguments("u.service", launch)).toEqual(
    expect.arrayContaining([
      "--property=MemoryMax=1073741824",
      "--property=MemorySwapMax=0",
      "--property=CPUQuota=150%",
      "--property=TasksMax=500",
    ]),
  );
  const unbounded = unitArguments("u.service", { ...launch, limits: undefined });
  expect(unbounded).toContain("--property=TasksMax=infinity");
  expect(unbounded.filter((word) => /MemoryMax|CPUQuota/.test(word))).toEqual([]);
});

it("knows its own units by name", () => {
  const supervision = createSystemdSupervision("dockersnap-");
  expect(supervision.groupName("web")).toBe("dockersnap-web.service");
  expect(supervision.instanceOf("dockersnap-web.service")).toBe("web");
  for (const other of ["dockersnap-web", "docker.service", "dockersnap-.service", "dockersnap-Web.service"]) {
    expect(supervision.instanceOf(other)).toBeUndefined();
  }
});
