import { type Address, addresses, type RouteId } from "@dockersnap/contract/addresses";
import { expect, it } from "vitest";
import { type Client, createClient } from "../src/index.ts";

/** Documents for other programs: nothing here asks for them. */
const forOthers = ["getMetrics", "getOpenApi"] as const;

type AskedFor = Exclude<RouteId, (typeof forOthers)[number]>;
type Ask = (client: Client) => unknown;

const stream = (events: AsyncGenerator) => events.next();

/** How each route is asked for; names are of the parameters they stand for. */
const asks: Readonly<Record<AskedFor, Ask>> = {
  getHealth: (client) => client.health(),
  getPool: (client) => client.pool.get(),
  growPool: (client) => client.pool.grow({ size_bytes: 1 }),
  followEvents: (client) => stream(client.events()),
  listInstances: (client) => client.instances.list(),
  createInstance: (client) => client.instances.create({ name: "name" }),
  getInstance: (client) => client.instances.get("name"),
  changeInstance: (client) => client.instances.change("name", { labels: {} }),
  deleteInstance: (client) => client.instances.delete("name"),
  startInstance: (client) => client.instances.start("name"),
  stopInstance: (client) => client.instances.stop("name"),
  restartInstance: (client) => client.instances.restart("name"),
  cloneInstance: (client) => client.instances.clone("name", { label: "label", new_name: "copy" }),
  getUsage: (client) => client.instances.usage("name"),
  takeSnapshot: (client) => client.instances.snapshot("name", { label: "label" }),
  revertInstance: (client) => client.instances.revert("name", { label: "label" }),
  undoRevert: (client) => client.instances.undo("name"),
  redoRevert: (client) => client.instances.redo("name"),
  listSnapshots: (client) => client.instances.snapshots("name"),
  getHistory: (client) => client.instances.history("name"),
  getDiff: (client) => client.instances.diff("name"),
  changeSnapshot: (client) => client.instances.changeSnapshot("name", "label", { protected: true }),
  verifySnapshot: (client) => client.instances.verifySnapshot("name", "label"),
  deleteSnapshot: (client) => client.instances.deleteSnapshot("name", "label"),
  listSchedules: (client) => client.instances.schedules("name"),
  addSchedule: (client) => client.instances.addSchedule("name", { cron: "@daily" }),
  removeSchedule: (client) => client.instances.removeSchedule("name", "id"),
  listStandbys: (client) => client.standbys(),
  setStandby: (client) => client.instances.setStandby("name", "label", { count: 1 }),
  removeStandby: (client) => client.instances.removeStandby("name", "label"),
  listPorts: (client) => client.instances.ports("name"),
  refreshPorts: (client) => client.instances.refreshPorts("name"),
  getAccess: (client) => client.instances.access("name"),
  getWorkload: (client) => client.instances.workload("name"),
  getWorkloadHealth: (client) => client.instances.workloadHealth("name"),
  listPlugins: (client) => client.plugins.list(),
  getPlugin: (client) => client.plugins.get("name"),
  reloadPlugins: (client) => client.plugins.reload(),
  listOperations: (client) => client.operations.list(),
  getOperation: (client) => client.operations.get("id"),
  cancelOperation: (client) => client.operations.cancel("id"),
  followOperation: (client) => client.operations.events("id"),
};

/** The first request of an ask, to a daemon that refuses everything. */
async function firstRequest(ask: Ask) {
  const requests: { readonly place: string; readonly accept: string | undefined }[] = [];
  const client = createClient({
    baseUrl: "http://daemon.test",
    fetch: async (url, { method, headers }) => {
      requests.push({ place: `${method} ${new URL(url).pathname}`, accept: headers.accept });
      return new Response(JSON.stringify({ error: "no", code: "forbidden" }), { status: 403 });
    },
  });
  await expect(ask(client)).rejects.toMatchObject({ code: "forbidden" });
  return requests[0];
}

it("has a method for every route of the contract", () => {
  expect(Object.keys({ ...asks }).sort()).toEqual(
    Object.keys(addresses)
      .filter((id) => !(forOthers as readonly string[]).includes(id))
      .sort(),
  );
});

const streams: Partial<Record<RouteId, string>> = {
  followEvents: "text/event-stream",
  followOperation: "application/x-ndjson",
};

it.each(Object.entries(asks) as [AskedFor, Ask][])(
  "asks for %s at its address, and follows an operation",
  async (id, ask) => {
    const { method, path, operation }: Address = addresses[id];
    const accept = operation ? "application/x-ndjson" : (streams[id] ?? "application/json");
    expect(await firstRequest(ask)).toEqual({ place: `${method} ${path.replaceAll(/[{}]/g, "")}`, accept });
  },
);
