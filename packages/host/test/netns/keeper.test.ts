import type { NetworkFault, NetworkPart } from "@dockersnap/core";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Keeper, type KeptArea } from "../../src/netns/keeper.ts";

const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };

/** Something that can be broken, and counts how often it is looked at. */
class Area implements KeptArea {
  readonly name = "rules";
  isBroken = false;
  looks = 0;

  async look(): Promise<readonly NetworkFault[]> {
    this.looks += 1;
    return this.isBroken ? [{ what: "table", message: "It is missing." }] : [];
  }

  async restore(): Promise<void> {
    this.isBroken = false;
  }
}

let area: Area;
let keeper: Keeper;
let restored: NetworkPart[];
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"] });
  area = new Area();
  keeper = new Keeper([area], log);
  restored = [];
});
afterEach(async () => {
  await keeper.close();
  vi.useRealTimers();
});

/** As on a host where others change their own rules all the time. */
async function woken(forMs: number): Promise<void> {
  for (let passed = 0; passed < forMs; passed += 10) {
    keeper.wake(["rules"]);
    await vi.advanceTimersByTimeAsync(10);
  }
}

it("looks a few times a second at most, however often it is woken", async () => {
  keeper.start((what) => restored.push(what));
  await woken(10_000);
  expect(area.looks).toBeGreaterThan(10);
  expect(area.looks).toBeLessThanOrEqual(21);
});

it("looks at once after a rest, and puts right what it finds while it is woken all the time", async () => {
  keeper.start((what) => restored.push(what));
  await vi.advanceTimersByTimeAsync(5_000);
  area.isBroken = true;
  keeper.wake(["rules"]);
  await vi.advanceTimersByTimeAsync(1);
  expect({ restored, isBroken: area.isBroken }).toEqual({ restored: ["table"], isBroken: false });
  area.isBroken = true;
  await woken(600);
  expect(restored).toEqual(["table", "table"]);
});

it("leaves alone what a change of the daemon's own has half done, and looks after the last of them", async () => {
  keeper.start((what) => restored.push(what));
  await vi.advanceTimersByTimeAsync(5_000);
  const change = Promise.withResolvers<void>();
  const passing = keeper.gate.pass(async () => {
    area.isBroken = true;
    keeper.wake(["rules"]);
    await change.promise;
    area.isBroken = false;
  });
  await vi.advanceTimersByTimeAsync(5_000);
  const looks = area.looks;
  change.resolve();
  await passing;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(area.looks).toBeGreaterThan(looks);
  expect(restored).toEqual([]);
});
