import { expect, it } from "vitest";
import type { DataRootContents } from "../../../src/index.ts";
import { parsePart } from "../../../src/snapshot/parts/part.ts";
import { type PartsQuestion, planParts } from "../../../src/snapshot/parts/plan.ts";
import { storedContainer, storedVolume } from "../../world.ts";

const [a, b] = ["a".repeat(64), "b".repeat(64)];
const mount = (source: string) => ({ type: "volume", source, destination: "/data", readOnly: false });
const network = (id: string) => ({
  ...{ id, name: "back", driver: "bridge", internal: false },
  ...{ labels: {}, options: {}, subnets: [] },
});

function root(contents: Partial<DataRootContents> = {}): DataRootContents {
  return { containers: [], images: [], volumes: [], networks: [], problems: [], ...contents };
}

function plan(
  parts: readonly string[],
  now: DataRootContents,
  then: DataRootContents,
  more: Partial<PartsQuestion> = {},
) {
  return planParts({
    ...{ instance: "web", label: "then", parts: parts.map(parsePart), now, then },
    ...{ runs: true, ran: [], absent: "refused" as const },
    ...more,
  });
}

const app = storedContainer({ id: a, name: "app", mounts: [mount("data")] });
const data = storedVolume({ name: "data" });

it("puts back what is in a volume, with its users down, whether they write to it or read", () => {
  const reader = storedContainer({ id: b, name: "reader", mounts: [{ ...mount("data"), readOnly: true }] });
  const all = root({ containers: [app, reader], volumes: [data] });
  expect(plan(["volume:data"], all, all)).toMatchObject({
    ...{ paths: ["volumes/data/_data"], isNewToEngine: false },
    ...{ stops: [a, b], starts: [a, b] },
  });
});

it("stops nothing that is down, and nothing where no engine runs", () => {
  const down = root({ containers: [{ ...app, state: "exited" }], volumes: [data] });
  expect(plan(["volume:data"], down, down)).toMatchObject({ stops: [], starts: [] });
  const all = root({ containers: [app], volumes: [data] });
  expect(plan(["volume:data"], all, all, { runs: false })).toMatchObject({ stops: [], starts: [] });
});

it("puts back only what a container wrote where dockerd knows it by the same words", () => {
  const all = root({ containers: [app] });
  const wrote = { paths: [app.layers?.own], isNewToEngine: false, stops: [a], starts: [a], ran: ["app"] };
  expect(plan(["container:app"], all, all)).toMatchObject(wrote);
});

it.each([
  ["has another environment", { env: ["A=1"] }],
  ["has another restart policy", { settings: { RestartPolicy: '{"Name":"always"}' } }],
  ["has another name", { name: "renamed" }],
])("brings all of a container where it %s now", (_, change) => {
  const now = root({ containers: [{ ...app, ...change }], volumes: [data] });
  expect(plan(["container:app"], now, root({ containers: [app] }))).toMatchObject({
    ...{ brought: [a], taken: [], isNewToEngine: true, stops: [a], starts: [a] },
  });
});

it("takes another away that has the name now", () => {
  const now = root({ containers: [{ ...app, id: b }], volumes: [data] });
  expect(plan(["container:app"], now, root({ containers: [app] }))).toMatchObject({
    ...{ brought: [a], taken: [b], isNewToEngine: true, stops: [b], starts: [a] },
  });
});

it("brings volumes along that a container needs and that are gone, and no others", () => {
  const then = root({ containers: [app], volumes: [data, storedVolume({ name: "other" })] });
  expect(plan(["container:app"], root(), then).paths).toEqual(["volumes/data"]);
});

it("has a container run that ran then, also where it was stopped to be kept, and leaves one down that never ran", () => {
  const then = root({ containers: [{ ...app, state: "exited" }] });
  expect(plan(["container:app"], root(), then).starts).toEqual([]);
  expect(plan(["container:app"], root(), then, { ran: ["app"] }).starts).toEqual([a]);
});

it("takes away on the way back what was not there, a volume together with its user", () => {
  const now = root({ containers: [app], volumes: [data] });
  expect(plan(["volume:data", "container:app"], now, root(), { absent: "removed" })).toMatchObject({
    ...{ paths: ["volumes/data"], taken: [a], isNewToEngine: true, stops: [a], starts: [] },
  });
  expect(plan(["volume:data", "container:app"], root(), root(), { absent: "removed" }).paths).toEqual([]);
});

const removed = { ...app, settings: { AutoRemove: "true" } };
const { layers: _lost, ...lost } = app;
const inBack = { ...app, networks: ["back"] };

it.each([
  ["a volume with mount options", "volume:data", root(), root({ volumes: [{ ...data, options: { type: "nfs" } }] })],
  [
    "a volume of another driver",
    "volume:data",
    root({ volumes: [{ ...data, driver: "ceph" }] }),
    root({ volumes: [data] }),
  ],
  [
    "a user that would be gone once stopped",
    "volume:data",
    root({ containers: [removed], volumes: [data] }),
    root({ volumes: [data] }),
  ],
  ["a container that Docker would remove", "container:app", root(), root({ containers: [removed] })],
  ["a container whose files are lost", "container:app", root(), root({ containers: [lost] })],
  ["a network that is gone", "container:app", root(), root({ containers: [inBack], networks: [network("1")] })],
  [
    "a network that was made anew",
    "container:app",
    root({ networks: [network("2")] }),
    root({ containers: [inBack], networks: [network("1")] }),
  ],
])("refuses %s", (_, part, now, then) => {
  expect(() => plan([part], now, then)).toThrow(expect.objectContaining({ code: "wrong_state" }));
});

it("names what there is where nothing is near", () => {
  const then = root({ volumes: [data] });
  expect(() => plan(["volume:zzzzzzzzz"], root(), then)).toThrow("It has data.");
});
