import type { Instance, Operation } from "@dockersnap/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { leftovers } from "../support/audit.ts";
import { World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world?.end());

const refusals = (results: readonly PromiseSettledResult<unknown>[]) =>
  results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));

/** POST as a program without our client would. */
function post(path: string, body: unknown, headers: Record<string, string> = {}, signal?: AbortSignal) {
  return fetch(`${world.url}/api/v1${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function operationsOf(instance: string): Promise<Operation[]> {
  return (await world.client.operations.list()).filter((operation) => operation.instance === instance);
}

/** Begin to create an instance; resolves once its engine is being started. */
async function creating(name: string): Promise<{ id: string; created: Promise<Instance> }> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let id = "";
  const created = world.client.instances.create(
    { name },
    {
      onOperation: (operation) => {
        id = operation;
      },
      onProgress: ({ step }) => (step === "engine" ? resolve(id) : undefined),
    },
  );
  created.catch(reject);
  return { id: await promise, created };
}

describe("requests for one instance at once", () => {
  it("let one through, and tell the other which operation is in the way", async () => {
    const name = world.name("one");
    await world.client.instances.create({ name });
    const results = await Promise.allSettled([
      world.client.instances.restart(name),
      world.client.instances.snapshot(name, { label: "s" }),
    ]);
    const [refused, ...others] = refusals(results);
    expect(others).toEqual([]);
    expect(refused).toMatchObject({ code: "busy", message: expect.stringContaining(`Instance '${name}' is busy`) });
    const done = (await operationsOf(name)).filter(({ kind }) => kind !== "create");
    expect(done).toMatchObject([{ id: refused.details.operation, kind: refused.details.kind, status: "done" }]);
  });

  it("let reads through while it is busy, and show what is going on", async () => {
    const name = world.name("read");
    const { id, created } = await creating(name);
    expect(await world.client.instances.get(name)).toMatchObject({ operation: { id, kind: "create" } });
    expect((await world.client.instances.list()).map((instance) => instance.name)).toContain(name);
    await created;
    expect(await world.client.instances.get(name)).not.toHaveProperty("operation");
  });

  it("make one instance of two creates with the same name", async () => {
    const name = world.name("twice");
    const results = await Promise.allSettled([
      world.client.instances.create({ name }),
      world.client.instances.create({ name }),
    ]);
    expect(refusals(results)).toMatchObject([{ code: expect.stringMatching(/^(busy|already_exists)$/) }]);
    expect(await world.client.instances.get(name)).toMatchObject({ status: "running" });
  });

  it("keep a delete away from a create that is under way", async () => {
    const name = world.name("early");
    const { id, created } = await creating(name);
    await expect(world.client.instances.delete(name)).rejects.toMatchObject({
      code: "busy",
      details: { operation: id, kind: "create" },
    });
    expect((await created).status).toBe("running");
    await world.client.instances.delete(name);
    await expect(world.client.instances.get(name)).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("an operation", () => {
  it("goes on to its end when the client that follows it goes away", async () => {
    const name = world.name("alone");
    const away = new AbortController();
    const response = await post("/instances", { name }, { accept: "application/x-ndjson" }, away.signal);
    expect(response.status).toBe(200);
    const { value } = (await response.body?.getReader().read()) ?? {};
    expect(
      JSON.parse(
        String(
          Buffer.from(value ?? [])
            .toString()
            .split("\n")[0],
        ),
      ),
    ).toHaveProperty("step");
    away.abort();
    const id = response.headers.get("dockersnap-operation") ?? "";
    expect(await world.client.operations.events(id)).toMatchObject({ status: "done" });
    expect((await world.client.instances.get(name)).status).toBe("running");
  });

  it("is answered at once for who asks to be, and found at its location", async () => {
    const name = world.name("later");
    const response = await post("/instances", { name }, { prefer: "respond-async" });
    expect(response.status).toBe(202);
    const operation = (await response.json()) as Operation;
    expect(response.headers.get("location")).toBe(`/api/v1/operations/${operation.id}`);
    expect(await world.client.operations.events(operation.id)).toMatchObject({ status: "done", result: { name } });
  });

  it("is begun once by requests with the same Idempotency-Key, at once and later", async () => {
    const name = world.name("same");
    const key = { "idempotency-key": `key-${world.id}` };
    const answers = [
      ...(await Promise.all([post("/instances", { name }, key), post("/instances", { name }, key)])),
      await post("/instances", { name }, key),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(new Set(answers.map(({ headers }) => headers.get("dockersnap-operation"))).size).toBe(1);
    expect(await operationsOf(name)).toHaveLength(1);
    for (const body of [{ name: world.name("other") }, { name, labels: { a: "b" } }]) {
      const another = await post("/instances", body, key);
      expect([another.status, await another.json()]).toMatchObject([422, { code: "key_reused" }]);
    }
  });

  it("takes back all it made when it is cancelled", async () => {
    const name = world.name("never");
    const { id, created } = await creating(name);
    created.catch(() => undefined);
    await world.client.operations.cancel(id);
    await expect(created).rejects.toMatchObject({ code: "cancelled" });
    expect(await world.client.operations.get(id)).toMatchObject({ status: "cancelled" });
    await expect(world.client.instances.get(name)).rejects.toMatchObject({ code: "not_found" });
    expect(leftovers(name)).toEqual([]);
  });
});

it("makes twenty instances at once, each on a subnet of its own, and deletes them at once", async () => {
  const names = Array.from({ length: 20 }, (_, index) => world.name(`many${index}`));
  const made = await Promise.all(names.map((name) => world.client.instances.create({ name })));
  expect(made.map(({ status }) => status)).toEqual(names.map(() => "running"));
  const all = await world.client.instances.list();
  expect(new Set(all.map(({ subnet }) => subnet)).size).toBe(all.length);
  expect(new Set(all.map(({ subnet_index }) => subnet_index)).size).toBe(all.length);
  await Promise.all(names.map((name) => world.client.instances.delete(name)));
  expect(leftovers(world.name("many"))).toEqual([]);
  expect((await world.client.instances.list()).filter(({ name }) => names.includes(name))).toEqual([]);
});
