import { expect, test } from "vitest";
import { ailment, mayRecover, type ServiceContainer } from "../containers.ts";

const container = (change: Partial<ServiceContainer>): ServiceContainer => ({
  id: "a".repeat(64),
  name: "demo_web_1",
  service: "web",
  image: "web",
  state: "running",
  exitCode: 0,
  health: undefined,
  complaint: undefined,
  restartPolicy: "no",
  ports: [],
  ...change,
});

test.each<[string, Partial<ServiceContainer>, string | undefined, boolean]>([
  ["runs", {}, undefined, false],
  ["runs and is healthy", { health: "healthy" }, undefined, false],
  ["is not yet healthy", { health: "starting" }, "its health check has not passed yet", true],
  ["is unhealthy", { health: "unhealthy", complaint: "refused" }, "its health check fails: refused", false],
  ["is unhealthy and silent", { health: "unhealthy" }, "its health check fails", false],
  ["has done its work", { state: "exited" }, undefined, false],
  ["failed", { state: "exited", exitCode: 3 }, "it ended with code 3", false],
  [
    "failed and is tried again",
    { state: "exited", exitCode: 3, restartPolicy: "on-failure" },
    "it ended with code 3",
    true,
  ],
  ["ended although it is to stay", { state: "exited", restartPolicy: "always" }, "it ended with code 0", true],
  ["is restarted", { state: "restarting", restartPolicy: "always" }, "it is restarting", true],
  ["was paused", { state: "paused" }, "it is paused", false],
])("a container that %s ails accordingly", (_what, change, ails, recovers) => {
  expect(ailment(container(change))).toBe(ails);
  if (ails !== undefined) expect(mayRecover(container(change))).toBe(recovers);
});
