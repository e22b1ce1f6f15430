import type { Operation } from "@dockersnap/contract";
import type { Stray } from "@dockersnap/core";
import { Engine } from "../support/engine.ts";
import { untilInFolder } from "../support/folder-watch.ts";
import { World } from "../support/world.ts";
import { type Call, type Case, type Exercise, failing } from "./exercise.ts";
import { type Fault, FaultFiles } from "./fault.ts";
import { footprint, takeInventory } from "./footprint.ts";
import { find, processesOf, type Sight, see, volume, writeData } from "./sight.ts";
import { daemonWithFaults, straysOf } from "./with-faults.ts";

/** What an undisturbed run of an exercise shows of the product. */
export interface Rehearsal {
  readonly steps: readonly string[];
  /** Steps that can be taken back, in the order they are. */
  readonly undone: readonly string[];
  /** What an instance has on the machine once the operation is done. */
  readonly footprint: readonly string[];
}

/** What became of one case. */
export interface Outcome {
  readonly name: string;
  readonly operation: Operation;
  readonly before: Sight;
  readonly after: Sight;
  readonly processesBefore: readonly string[];
  readonly processesAfter: readonly string[];
  readonly footprintBefore: readonly string[];
  readonly footprintAfter: readonly string[];
  readonly notHappened: readonly Fault[];
}

/** What is to be the same whatever happens to the others. */
interface Bystander {
  readonly sight: Sight;
  readonly processes: readonly string[];
  readonly footprint: readonly string[];
}

/** What became of cases that were disturbed at the same time. */
export interface Wave {
  readonly outcomes: readonly Outcome[];
  readonly strays: readonly Stray[];
  readonly bystander: { readonly before: Bystander; readonly after: Bystander };
}

/** A world whose daemon faults happen to, and an instance in it that nothing is ever asked of. */
export class Drill {
  readonly world: World;
  readonly faults: FaultFiles;
  readonly bystander: string;

  private constructor(world: World) {
    this.world = world;
    this.faults = new FaultFiles(world.dir);
    this.bystander = world.name("by");
  }

  static async start(): Promise<Drill> {
    const world = await World.start(daemonWithFaults);
    const drill = new Drill(world);
    await drill.#orEnd(() => drill.#furnish());
    return drill;
  }

  async end(): Promise<void> {
    await this.world[Symbol.asyncDispose]();
  }

  /** Instances with an engine and data and nothing else. */
  async plain(count: number): Promise<readonly string[]> {
    const names = this.names("p", count);
    await Promise.all(names.map((name) => this.create(name)));
    return names;
  }

  /** Instances with a web container that serves their data and one that no restart policy brings back. */
  async furnished(count: number): Promise<readonly string[]> {
    const names = this.names("f", count);
    await Promise.all(names.map((name) => this.clone(name)));
    return names;
  }

  names(word: string, count: number): readonly string[] {
    return Array.from({ length: count }, (_, index) => this.world.name(`${word}${index}`));
  }

  async create(name: string): Promise<void> {
    await this.world.client.instances.create({ name });
    writeData(this.world, name, `the data of ${name}`);
  }

  async clone(name: string): Promise<void> {
    await this.world.client.instances.clone(this.bystander, { label: "furnished", new_name: name });
    await this.startTask(name);
    writeData(this.world, name, `the data of ${name}`);
  }

  /** Run what does not come back by itself when an engine does. */
  async startTask(name: string): Promise<void> {
    const { socket } = await this.world.client.instances.get(name);
    await new Engine(socket).start("task");
  }

  /** Run an exercise twice, once to its end and once failing at the last step. */
  async rehearse(exercise: Exercise): Promise<Rehearsal> {
    return this.#orEnd(async () => {
      const [name = ""] = exercise.names;
      await exercise.ready(name);
      const done = await this.#ended(await this.#begin(exercise, name));
      if (done.status !== "done") throw new Error(`${exercise.title} does not work: ${JSON.stringify(done)}`);
      const steps = done.steps.map((step) => step.name);
      const left = this.left(name);
      await exercise.ready(name);
      this.faults.set(name, [failing(steps)]);
      const failed = await this.#ended(await this.#begin(exercise, name));
      const undone = failed.steps.filter((step) => step.status === "undone").map((step) => step.name);
      return { steps, undone: undone.reverse(), footprint: left };
    });
  }

  /** Disturb each case on an instance of its own; all that are killed are killed by one SIGKILL. */
  async disturb(exercise: Exercise, cases: readonly Case[]): Promise<Wave> {
    const names = exercise.names.slice(0, cases.length);
    await Promise.all(names.map((name) => exercise.ready(name)));
    const before = await Promise.all(names.map((name) => see(this.world, name)));
    const processes = await this.#processes(exercise, names);
    const inventory = takeInventory(this.world);
    const bystander = await this.#bystander(inventory);

    this.faults.clear();
    for (const [index, name] of names.entries()) this.faults.set(name, cases[index]?.faults ?? []);
    const ids = await Promise.all(names.map((name) => this.#begin(exercise, name)));
    const isKill = cases[0]?.by === "kill";
    try {
      await (isKill ? this.#untilHeld(names, ids) : Promise.all(ids.map((id) => this.#ended(id))));
    } finally {
      if (isKill) await this.killAndRestart();
    }

    await this.settled();
    const after = await Promise.all(names.map((name) => see(this.world, name)));
    const operations = await Promise.all(ids.map((id) => this.world.client.operations.get(id)));
    const processesAfter = await this.#processes(exercise, names);
    const left = takeInventory(this.world);
    const outcomes = names.flatMap((name, index): Outcome[] => {
      const [operation, first, last] = [operations[index], before[index], after[index]];
      if (operation === undefined || first === undefined || last === undefined) return [];
      return [
        {
          name,
          operation,
          before: first,
          after: last,
          processesBefore: processes[index] ?? [],
          processesAfter: processesAfter[index] ?? [],
          footprintBefore: footprint(inventory, name),
          footprintAfter: footprint(left, name),
          notHappened: this.faults.waiting(name),
        },
      ];
    });
    return {
      outcomes,
      strays: await this.strays(),
      bystander: { before: bystander, after: await this.#bystander(left) },
    };
  }

  /** Ask for an operation and resolve with its id as soon as it has begun. */
  async begin({ method, path, body }: Call): Promise<string> {
    const response = await fetch(`${this.world.url}/api/v1${path}`, {
      method,
      headers: { prefer: "respond-async", ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as { id: string };
    if (response.status !== 202) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer.id;
  }

  /** SIGKILL and a start; what the start itself begins is not waited for. */
  async killAndRestart(): Promise<void> {
    await this.world.killDaemon();
    await this.world.startDaemon();
  }

  /** Resolves when no operation runs; a start of the daemon may begin some by itself. */
  async settled(): Promise<void> {
    const operations = await this.world.client.operations.list();
    const running = operations.filter(({ status }) => status === "running" || status === "undoing");
    await Promise.all(running.map(({ id }) => this.#ended(id)));
  }

  strays(): Promise<readonly Stray[]> {
    return straysOf(this.world);
  }

  /** What the machine has of an instance. */
  left(name: string): readonly string[] {
    return footprint(takeInventory(this.world), name);
  }

  /** Remove an instance that is there. */
  async clear(name: string): Promise<void> {
    if ((await find(this.world, name)) !== undefined) await this.world.client.instances.delete(name);
  }

  async #furnish(): Promise<void> {
    const { world, bystander } = this;
    await this.create(bystander);
    const engine = await Engine.of(world, bystander);
    await engine.run({
      name: "web",
      command: ["httpd", "-f", "-p", "8080", "-h", "/data"],
      publish: ["8080:8080"],
      volumes: [`${volume}:/data`],
      restart: "always",
    });
    await engine.run({ name: "task" });
    await world.client.instances.snapshot(bystander, { label: "furnished" });
  }

  #begin(exercise: Exercise, name: string): Promise<string> {
    return exercise.provoke?.(name) ?? this.begin(exercise.call(name));
  }

  #ended(id: string): Promise<Operation> {
    return this.world.client.operations.events(id);
  }

  /** Rejects when an operation ends instead. */
  async #untilHeld(names: readonly string[], ids: readonly string[]): Promise<void> {
    const over = new AbortController();
    const { signal } = over;
    const ended = ids.map(async (id) => {
      const operation = await this.world.client.operations.events(id, { signal });
      throw new Error(`An operation ended that was to be held: ${JSON.stringify(operation)}`);
    });
    try {
      await Promise.race([this.#allHeld(names, signal), ...ended]);
    } finally {
      over.abort();
      await Promise.allSettled(ended);
    }
  }

  async #allHeld(names: readonly string[], signal: AbortSignal): Promise<void> {
    const areHeld = () => names.every((name) => this.faults.held().includes(name));
    await untilInFolder(this.faults.dir, areHeld, signal);
  }

  async #processes({ keepsContainers }: Exercise, names: readonly string[]) {
    return keepsContainers === true ? Promise.all(names.map((name) => processesOf(this.world, name))) : [];
  }

  async #bystander(inventory: readonly string[]): Promise<Bystander> {
    return {
      sight: await see(this.world, this.bystander),
      processes: await processesOf(this.world, this.bystander),
      footprint: footprint(inventory, this.bystander),
    };
  }

  /** A drill that cannot begin leaves nothing either. */
  async #orEnd<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const log = this.world.logTail();
      await this.end();
      throw new Error(`The drill could not begin. The daemon's log ends:\n${log}`, { cause: error });
    }
  }
}
