import type { Client, FollowOptions } from "@dockersnap/client";
import { DockersnapError } from "@dockersnap/contract/words";
import { expect, it } from "vitest";
import { InterruptedError } from "../src/failure.ts";
import { type Follower, follower } from "../src/follow.ts";
import type { Io } from "../src/io.ts";
import { Output } from "../src/output/output.ts";
import { cleanSink } from "../src/output/terminal.ts";

interface World {
  readonly io: Io;
  readonly press: () => void;
  readonly written: () => string;
  readonly asked: () => number;
  readonly cancelled: string[];
  readonly released: () => boolean;
  readonly follow: Follower;
}

interface Setting {
  readonly interactive: boolean;
  readonly answer?: () => Promise<string | undefined>;
  readonly refusal?: DockersnapError;
}

function world({ interactive, answer, refusal }: Setting): World {
  let written = "";
  let asked = 0;
  let released = false;
  let listener = () => undefined as undefined;
  const cancelled: string[] = [];
  const sink = cleanSink({ write: (text) => (written += text), isTTY: interactive, columns: 80 });
  const io: Io = {
    stdout: sink,
    stderr: sink,
    interactive,
    env: {},
    home: "/",
    parentProgram: undefined,
    daemonProgram: "/",
    pluginCheckProgram: "/",
    pluginSdkFolder: "/",
    onInterrupt(listen) {
      listener = () => {
        listen();
        return undefined;
      };
      return {
        [Symbol.dispose]: () => {
          released = true;
        },
      };
    },
    onTermination: () => ({ [Symbol.dispose]: () => undefined }),
    confirm: async () => false,
    choose: async () => {
      asked += 1;
      return answer?.();
    },
    run: async () => 0,
    converse: async () => 0,
    become: async () => 0,
  };
  const cancel = async (id: string) => {
    cancelled.push(id);
    if (refusal !== undefined) throw refusal;
  };
  const client = { operations: { cancel } } as unknown as Client;
  const out = new Output(io, { format: "text", wide: false, quiet: false, color: false });
  return {
    io,
    press: () => listener(),
    written: () => written,
    asked: () => asked,
    released: () => released,
    cancelled,
    follow: follower(io, out, () => client),
  };
}

/** Follows until the signal stops it, or the test settles it. */
function running(options: FollowOptions) {
  const { promise, reject, resolve } = Promise.withResolvers<string>();
  options.signal?.addEventListener("abort", () => reject(options.signal?.reason));
  return { promise, reject, resolve };
}

it("leaves it running without a terminal, without asking", async () => {
  const { follow, press, asked, released } = world({ interactive: false });
  const failure = follow((options) => {
    options.onOperation?.("op1");
    const { promise } = running(options);
    press();
    return promise;
  });
  await expect(failure).rejects.toBeInstanceOf(InterruptedError);
  await expect(failure).rejects.toThrow(
    "Left running. Look at it with 'dockersnap operations show op1', end it with 'dockersnap operations cancel op1'.",
  );
  expect(asked()).toBe(0);
  expect(released()).toBe(true);
});

it.each([true, false])(
  "cancels at once what nobody would want to keep, with a terminal (%s) or without",
  async (interactive) => {
    const { follow, press, asked, cancelled } = world({ interactive });
    const failure = follow(async (options) => {
      options.onOperation?.("op1");
      const { promise, reject } = running(options);
      press();
      reject(new DockersnapError("cancelled", "It was cancelled."));
      return promise;
    }, "cancel");
    await expect(failure).rejects.toBeInstanceOf(InterruptedError);
    expect(asked()).toBe(0);
    expect(cancelled).toEqual(["op1"]);
  },
);

it("asks once on a terminal, and a second Ctrl-C leaves it running", async () => {
  const never = Promise.withResolvers<undefined>();
  const { follow, press, asked, cancelled } = world({ interactive: true, answer: () => never.promise });
  const failure = follow((options) => {
    options.onOperation?.("op1");
    const { promise } = running(options);
    press();
    press();
    return promise;
  });
  await expect(failure).rejects.toThrow("Left running.");
  expect(asked()).toBe(1);
  expect(cancelled).toEqual([]);
});

it.each(["leave", undefined])("leaves it running when the answer is %s", async (answer) => {
  const { follow, press, cancelled } = world({ interactive: true, answer: async () => answer });
  const failure = follow((options) => {
    options.onOperation?.("op1");
    const { promise } = running(options);
    press();
    return promise;
  });
  await expect(failure).rejects.toBeInstanceOf(InterruptedError);
  expect(cancelled).toEqual([]);
});

it("cancels it when asked to, and follows on until it is taken back", async () => {
  const { follow, press, cancelled, written } = world({ interactive: true, answer: async () => "cancel" });
  const failure = follow(async (options) => {
    options.onOperation?.("op1");
    const { promise, reject } = running(options);
    press();
    queueMicrotask(function whenCancelled() {
      if (cancelled.length === 0) setImmediate(whenCancelled);
      else setImmediate(() => reject(new DockersnapError("cancelled", "The stop was taken back.")));
    });
    return promise;
  });
  await expect(failure).rejects.toThrow("Cancelled: The stop was taken back.");
  await expect(failure).rejects.toBeInstanceOf(InterruptedError);
  expect(cancelled).toEqual(["op1"]);
  expect(written()).toContain("Cancelling");
});

it("follows on, and says why, when it cannot be cancelled", async () => {
  const refusal = new DockersnapError("wrong_state", "It is past the point of no return.");
  const { follow, press, cancelled, written } = world({ interactive: true, answer: async () => "cancel", refusal });
  const result = follow(async (options) => {
    options.onOperation?.("op1");
    const { promise, resolve } = running(options);
    press();
    queueMicrotask(function whenRefused() {
      if (cancelled.length === 0) setImmediate(whenRefused);
      else setImmediate(() => resolve("done"));
    });
    return promise;
  });
  expect(await result).toBe("done");
  expect(written()).toContain("It is past the point of no return.");
});

it("answers with the result when the operation ends during the question", async () => {
  const never = Promise.withResolvers<undefined>();
  const { follow, press } = world({ interactive: true, answer: () => never.promise });
  const result = follow(async (options) => {
    options.onOperation?.("op1");
    press();
    return "done";
  });
  expect(await result).toBe("done");
});

it("says that the connection was lost", async () => {
  const { follow, written } = world({ interactive: false });
  await follow(async (options) => options.onReconnect?.(1));
  expect(written()).toContain("The connection was lost; following on (attempt 1).");
});
