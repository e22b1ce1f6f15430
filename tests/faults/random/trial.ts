import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { actOf, type HistoryAct, HistoryModel, historySight, stepsOf } from "@dockersnap/core/testing";
import { World, type WorldOptions } from "../../support/world.ts";
import type { Call } from "../exercise.ts";
import { FaultFiles } from "../fault.ts";
import { takeInventory } from "../footprint.ts";
import { daemonWithFaults, straysOf } from "../with-faults.ts";
import { changesOf } from "./changes.ts";
import { HostTable } from "./host-table.ts";
import { PoolMoves } from "./pool.ts";
import { changed, keptText, textOf, treeOf } from "./tree.ts";
import type { Turn } from "./turns.ts";
import { Workload } from "./workload.ts";

/** A world in which one list of random acts is done, and the model that knows what each must lead to. */
export class Trial {
  readonly done = { operations: 0, killed: 0, damaged: 0, refusedByPool: 0 };
  readonly #world: World;
  readonly #faults: FaultFiles;
  readonly #model = new HistoryModel();
  readonly #workload = new Workload();
  readonly #pool: PoolMoves;
  readonly #table: HostTable;
  readonly #atFirst: readonly string[];

  private constructor(world: World, table: HostTable) {
    this.#world = world;
    this.#table = table;
    this.#pool = new PoolMoves(world);
    this.#faults = new FaultFiles(world.dir);
    this.#atFirst = this.#inventory();
  }

  static async start(config: WorldOptions["config"] = {}): Promise<Trial> {
    const world = await World.start({ ...daemonWithFaults, config });
    return new Trial(world, await HostTable.of(world));
  }

  /** What the daemon said last of what was not as usual. */
  warnings(): string {
    const lines = this.#world.logTail(1000).split("\n");
    return lines
      .filter((line) => /"level":"(warn|error|fatal)"/.test(line))
      .slice(-10)
      .join("\n");
  }

  async end(): Promise<void> {
    await this.#pool.change("ok").catch(() => undefined);
    this.#workload[Symbol.dispose]();
    await this.#world[Symbol.asyncDispose]();
  }

  /** Do what a draw stands for by now, and see that everything is as it must be then. */
  async take(turn: Turn, number: number): Promise<void> {
    const act = actOf(turn.act, this.#model, number, (name) => this.#world.name(name));
    if (turn.pool !== null) await this.#pool.change(turn.pool);
    if (turn.damage !== null) {
      await this.#table.damage(turn.damage);
      this.done.damaged += 1;
    }
    const told = act.kind === "write" ? await this.#write(act.name, turn, number) : await this.#ask(act, turn);
    const after = `act ${number}, ${JSON.stringify({ ...told, damage: turn.damage, pool: this.#pool.state })}`;
    await this.#check(after);
    await this.#table.untilRight(after, this.#model.names());
  }

  /** Delete everything there is: nothing may be left of it. */
  async clear(): Promise<void> {
    await this.#pool.change("ok");
    for (const name of this.#model.names()) {
      await this.#world.client.instances.delete(name);
      this.#model.did({ kind: "delete", name });
    }
    await this.#check("deleting everything");
    expectSame("strays", await straysOf(this.#world), []);
    // What was kept of snapshots that are gone is forgotten at a start.
    await this.#world.restartDaemon();
    expectSame("what is left", this.#inventory(), this.#atFirst);
  }

  /** The trees a workload has written in, changed as it would. */
  async #write(name: string, turn: Turn, number: number): Promise<object> {
    if (this.#pool.state === "read-only") return { name, changes: "none" };
    const tree = treeOf(this.#model.expected(name).data);
    const changes = changesOf(turn.change, tree, number);
    await this.#workload.change(volumes(this.#world.tree(name)), changes);
    const data = textOf(changes.reduce(changed, tree)) ?? "";
    this.#model.did({ kind: "write", name, data });
    return { name, changes };
  }

  async #ask(act: Exclude<HistoryAct, { kind: "write" }>, turn: Turn): Promise<object> {
    const refusals = [this.#model.refusal(act), this.#pool.refusal(act.kind)].filter((code) => code !== undefined);
    if (refusals.length > 0) {
      const { code } = await this.#call(callOf(act));
      if (!refusals.some((each) => each === code)) expectSame(JSON.stringify({ act }), code, refusals);
      if (code === this.#pool.refusal(act.kind)) this.done.refusedByPool += 1;
      // A daemon starts whatever the pool is.
      if (turn.kill !== null) await this.#killAndStart();
      return { act, code };
    }
    const steps = stepsOf[act.kind];
    const step = turn.kill === null ? undefined : steps[turn.kill.step % steps.length];
    this.#faults.clear();
    if (turn.kill !== null && step !== undefined) {
      this.#faults.set(act.name, [{ step, moment: turn.kill.moment, act: "kill" }]);
    }
    const told = { act, ...(step === undefined ? {} : { killed: `${step} ${turn.kill?.moment}` }) };
    this.done.operations += 1;
    const pid = this.#world.daemonPid;
    if (await this.#carriedOut(callOf(act), step !== undefined, JSON.stringify(told))) this.#model.did(act);
    if (this.#world.daemonPid !== pid) this.done.killed += 1;
    return told;
  }

  async #killAndStart(): Promise<void> {
    await this.#world.killDaemon();
    await this.#world.startDaemon();
    this.done.killed += 1;
  }

  async #call({ method, path, body }: Call): Promise<{ id?: string; code?: string }> {
    const response = await fetch(`${this.#world.url}/api/v1${path}`, {
      method,
      headers: { prefer: "respond-async", "content-type": "application/json" },
      body: JSON.stringify(body ?? {}),
    });
    return (await response.json()) as { id?: string; code?: string };
  }

  /** Whether it was done; a daemon that was killed meanwhile has been followed by the next one. */
  async #carriedOut(call: Call, isDisturbed: boolean, told: string): Promise<boolean> {
    const world = this.#world;
    const { operations } = world.client;
    // The answer may go with the daemon.
    const { id, code } = await this.#call(call).catch((error: unknown) => {
      if (isDisturbed) return { id: undefined, code: undefined };
      throw error;
    });
    if (code !== undefined) throw new Error(`${told} was refused: ${code}.`);
    if (!isDisturbed) {
      const { status, error } = await operations.events(id ?? "");
      if (status !== "done") throw new Error(`${told} ended ${status}: ${error?.error}`);
      return true;
    }
    const over = new AbortController();
    const ended =
      id === undefined
        ? "lost"
        : operations.events(id, { signal: over.signal }).then(
            () => "ended",
            () => "lost",
          );
    const how = await Promise.race([ended, world.daemonEnd().then(() => "lost")]);
    over.abort();
    // Where the operation left the step out, its daemon is still there.
    if (how === "lost") {
      await world.daemonEnd();
      await world.startDaemon();
    }
    const [operation] = (await operations.list()).filter(({ requested_by }) => requested_by !== "daemon");
    if (operation?.status === "done") return true;
    if (operation?.status === "failed") return false;
    throw new Error(`${told} has no end: ${JSON.stringify(operation)}`);
  }

  /** Everything there is, and nothing else, with what is in it: in the answers of the API and on the disk. */
  async #check(after: string): Promise<void> {
    const model = this.#model;
    const { instances } = this.#world.client;
    const pool = join(this.#world.stateDir, "pool");
    const there = (await instances.list({ all: true })).map(({ name }) => name);
    expectSame(after, there.toSorted(), model.names().toSorted());
    expectSame(after, readdirSync(join(pool, "instances")).sort(), model.names().toSorted());
    const folders = readdirSync(join(pool, "snapshots"));
    const labels = new Map(folders.map((name) => [name, readdirSync(join(pool, "snapshots", name))]));
    const trees = [
      ...model.names().map((name) => join(pool, "instances", name)),
      ...[...labels].flatMap(([name, of]) => of.map((label) => join(pool, "snapshots", name, label))),
    ];
    const texts = await this.#workload.look(trees.map(volumes));
    const textOfTree = (tree: string) => texts[trees.indexOf(tree)];
    for (const name of model.names()) {
      const known = model.learn(name, labels.get(name) ?? []);
      if (!known) throw new Error(`After ${after}: '${name}' has the snapshots ${labels.get(name)?.join(", ")}`);
      const expected = model.expected(name);
      const kept = Object.entries(expected.snapshots).map(
        ([label, { parent, data }]) => [label, { parent, data: keptText(data) }] as const,
      );
      const seen = historySight(await instances.history(name), textOfTree(join(pool, "instances", name)), (label) =>
        textOfTree(join(pool, "snapshots", name, label)),
      );
      expectSame(`${after}: ${name}`, seen, { ...expected, snapshots: Object.fromEntries(kept) });
    }
    expectSame(
      after,
      [...labels.keys()].filter((name) => !model.names().includes(name)),
      [],
    );
  }

  /** What the world has on the machine and in the driver's own folder, without the numbers that differ each time. */
  #inventory(): readonly string[] {
    const own = readdirSync(join(this.#world.stateDir, "pool/.dockersnap"), { recursive: true, encoding: "utf8" });
    const lines = [...takeInventory(this.#world), ...own.map((path) => `own ${path}`)];
    return lines.map((line) => line.replace(/^process \d+/, "process")).sort();
  }
}

/** Where the engine keeps the volumes, in a dataset or a snapshot of one. */
const volumes = (tree: string) => join(tree, "volumes");

function callOf(act: Exclude<HistoryAct, { kind: "write" }>): Call {
  const path = `/instances/${act.name}`;
  switch (act.kind) {
    case "create":
      return { method: "POST", path: "/instances", body: { name: act.name } };
    case "delete":
      return { method: "DELETE", path };
    case "undo":
    case "redo":
      return { method: "POST", path: `${path}/${act.kind}` };
    case "snapshot":
    case "revert":
      return { method: "POST", path: `${path}/${act.kind}`, body: { label: act.label } };
    case "remove-snapshot":
      return { method: "DELETE", path: `${path}/snapshots/${act.label}` };
    case "rename":
      return { method: "PATCH", path: `${path}/snapshots/${act.label}`, body: { new_label: act.to } };
    case "clone":
      return { method: "POST", path: `/instances/${act.source}/clone`, body: { label: act.label, new_name: act.name } };
  }
}

function expectSame(after: string, seen: unknown, expected: unknown): void {
  if (isDeepStrictEqual(seen, expected)) return;
  throw new Error(`After ${after}:\nthere is   ${JSON.stringify(seen)}\nthere must be ${JSON.stringify(expected)}`);
}
