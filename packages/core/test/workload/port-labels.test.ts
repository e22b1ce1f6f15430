import { expect, it } from "vitest";
import type { ContainerSummary } from "../../src/engine/engine.ts";
import { portLabels } from "../../src/workload/port-labels.ts";

const container = (
  id: string,
  ports: readonly (readonly [number, "tcp" | "udp"])[],
  labels: Readonly<Record<string, string>> = {},
): ContainerSummary => ({
  id: id.padEnd(64, "0"),
  name: id,
  image: "x",
  state: "running",
  labels,
  ports: ports.flatMap(([privatePort, protocol]) =>
    ["0.0.0.0", "::"].map((ip) => ({ ip, publicPort: privatePort + 1000, privatePort, protocol })),
  ),
  mounts: [],
});

const labels = (...containers: ContainerSummary[]) => {
  const label = portLabels(containers);
  return containers.flatMap(({ id, ports }) =>
    ports.filter(({ ip }) => ip !== "::").map(({ privatePort, protocol }) => label(id, privatePort, protocol)),
  );
};

it("names a port by its container where nothing else is said", () => {
  expect(
    labels(
      container("abc123", [
        [80, "tcp"],
        [53, "udp"],
      ]),
    ),
  ).toEqual(["container:abc123000000/80/tcp", "container:abc123000000/53/udp"]);
});

it("takes the container's own label, by the port inside", () => {
  expect(
    labels(
      container(
        "a",
        [
          [80, "tcp"],
          [81, "tcp"],
        ],
        { "dockersnap.port.80": " web " },
      ),
    ),
  ).toEqual(["web", "container:a00000000000/81/tcp"]);
});

it("calls 6443 kubernetes-api unless the container says otherwise", () => {
  expect(labels(container("a", [[6443, "tcp"]]))).toEqual(["kubernetes-api"]);
  expect(labels(container("a", [[6443, "tcp"]], { "dockersnap.port.6443": "mine" }))).toEqual(["mine"]);
});

it("gives a label to the first that would have it", () => {
  expect(labels(container("a", [[6443, "tcp"]]), container("b", [[6443, "tcp"]]))).toEqual([
    "kubernetes-api",
    "container:b00000000000/6443/tcp",
  ]);
  const web = { "dockersnap.port.53": "dns" };
  expect(
    labels(
      container(
        "a",
        [
          [53, "tcp"],
          [53, "udp"],
        ],
        web,
      ),
    ),
  ).toEqual(["dns", "container:a00000000000/53/udp"]);
});

it.each(["", "  ", "a}b", "a\nb", "x".repeat(129)])("passes over a label no token could hold: %j", (label) => {
  expect(labels(container("a", [[80, "tcp"]], { "dockersnap.port.80": label }))).toEqual([
    "container:a00000000000/80/tcp",
  ]);
});
