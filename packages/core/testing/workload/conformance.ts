import { contractVersion, type Hook, type ProgressEvent } from "@dockersnap/contract/words";
import { describe, expect, it } from "vitest";
import type { PluginHost, PluginResponses, StreamingCommand } from "../../src/workload/plugins.ts";
import { pluginInput } from "../records/samples.ts";

/** What a plugin does when it is called: reports, then answers, fails with these words, or goes on until it is ended. */
export interface Behaviour<Answer = never> {
  readonly reports?: readonly ProgressEvent[];
  readonly answer?: Answer;
  readonly fails?: string;
  readonly hangs?: true;
}

/** A plugin that has these commands and no others. */
export interface PluginSketch {
  readonly hooks?: readonly Hook[];
  readonly readsInputFirst?: true;
  readonly asked?: { readonly [C in keyof PluginResponses]?: Behaviour<PluginResponses[C]> };
  readonly acts?: { readonly [C in StreamingCommand]?: Behaviour };
}

/** A host of plugins under test, without any yet. Disposing of it leaves nothing behind. */
export interface PluginSubject extends AsyncDisposable {
  readonly host: PluginHost;
  /** Put a plugin in place, in that of an earlier one of its name, for the next reload. */
  install(name: string, sketch: PluginSketch): Promise<void>;
  /** Put one in place that cannot be used. */
  installBroken(name: string): Promise<void>;
  uninstall(name: string): Promise<void>;
}

/** A fresh subject for each test. */
export type PluginFactory = () => Promise<PluginSubject>;

const input = pluginInput();

const one = { step: "one", status: "running" } as const;
const complete = { step: "complete", status: "done" } as const;

/** A subject with this plugin, called `p`, taken in. */
async function withPlugin(factory: PluginFactory, sketch: PluginSketch): Promise<PluginSubject> {
  const subject = await factory();
  await subject.install("p", sketch);
  await subject.host.reload();
  return subject;
}

/** Runs a deploy that goes on until it is ended, and does `meanwhile` once it is under way. */
async function endedBy(host: PluginHost, meanwhile: (stop: AbortController) => void | Promise<void>): Promise<unknown> {
  const stop = new AbortController();
  const begun = Promise.withResolvers<void>();
  const running = host.stream("p", "deploy", input, () => begun.resolve(), { signal: stop.signal });
  const ended = running.then(
    () => "no failure",
    (failure: unknown) => failure,
  );
  await begun.promise;
  await meanwhile(stop);
  return ended;
}

/** Every promise of `PluginHost` that needs no plugin out of the ordinary, as tests. The real one and the fake pass all. */
export function pluginConformance(name: string, factory: PluginFactory): void {
  describe(`${name} keeps the promises of a plugin host`, () => {
    it("knows no plugin before a reload, and after one those that are installed, by name", async () => {
      await using subject = await factory();
      for (const each of ["web", "db"]) await subject.install(each, {});
      expect(subject.host.list()).toEqual([]);
      const names = (await subject.host.reload()).map(({ name: each, status }) => `${each} ${status}`);
      expect(names).toEqual(["db ready", "web ready"]);
      expect(subject.host.list().map(({ name: each }) => each)).toEqual(["db", "web"]);
    });

    it("sees what was installed and taken away at the next reload", async () => {
      await using subject = await withPlugin(factory, {});
      await subject.uninstall("p");
      await subject.install("q", {});
      expect(subject.host.ready("p").info.name).toBe("p");
      await subject.host.reload();
      expect(subject.host.ready("q").info.name).toBe("q");
      expect(() => subject.host.ready("p")).toThrow(expect.objectContaining({ code: "not_found" }));
    });

    it("names the plugin that may have been meant where there is none of the name", async () => {
      await using subject = await factory();
      await subject.install("compose", {});
      await subject.host.reload();
      const refusal = { code: "not_found", message: expect.stringContaining("Did you mean 'compose'?") };
      expect(() => subject.host.ready("compsoe")).toThrow(expect.objectContaining(refusal));
      await expect(subject.host.ask("compsoe", "health", input)).rejects.toMatchObject(refusal);
      await expect(subject.host.stream("compsoe", "deploy", input, () => {})).rejects.toMatchObject(refusal);
    });

    it("lists one that cannot be used with the reason, and does not call it", async () => {
      await using subject = await factory();
      await subject.installBroken("p");
      const [info] = await subject.host.reload();
      expect(info).toMatchObject({ name: "p", status: "disabled", error: expect.stringMatching(/./) });
      const refusal = { code: "plugin_failed", message: expect.stringContaining("Plugin 'p' is disabled") };
      expect(() => subject.host.ready("p")).toThrow(expect.objectContaining(refusal));
      await expect(subject.host.ask("p", "health", input)).rejects.toMatchObject(refusal);
      await expect(subject.host.stream("p", "deploy", input, () => {})).rejects.toMatchObject(refusal);
      expect(subject.host.startAhead("p", "deploy", "demo")).toBeUndefined();
    });

    it("tells the contract's version and the hooks of one that is ready", async () => {
      await using subject = await withPlugin(factory, { hooks: ["pre_snapshot", "post_clone"] });
      const { contractVersion: spoken, hooks, schema } = subject.host.ready("p");
      expect(spoken).toBe(contractVersion);
      expect(hooks).toEqual(["pre_snapshot", "post_clone"]);
      expect(schema.plugin_name).toBe("p");
    });

    it("answers as the plugin does", async () => {
      const unhealthy = { healthy: false, checks: [{ name: "web", ok: false, message: "refused" }] };
      await using subject = await withPlugin(factory, {
        asked: {
          validate: { answer: { valid: true, warnings: ["'old' does nothing."] } },
          access: { answer: { env: { URL: "http://demo" } } },
          describe: { answer: { workload_type: "p", status: "ready" } },
          health: { answer: unhealthy },
        },
      });
      const { host } = subject;
      expect(await host.ask("p", "validate", input)).toEqual({ valid: true, warnings: ["'old' does nothing."] });
      expect(await host.ask("p", "access", input)).toEqual({ env: { URL: "http://demo" } });
      expect(await host.ask("p", "describe", input)).toEqual({ workload_type: "p", status: "ready" });
      expect(await host.ask("p", "health", input)).toEqual(unhealthy);
    });

    it("takes a validate that says no for an answer", async () => {
      await using subject = await withPlugin(factory, {
        asked: { validate: { answer: { valid: false, errors: ["'port' is too low."] } } },
      });
      expect(await subject.host.ask("p", "validate", input)).toEqual({ valid: false, errors: ["'port' is too low."] });
    });

    it("answers with the least there is to say for a command the plugin does not have", async () => {
      await using subject = await withPlugin(factory, {});
      const { host } = subject;
      expect(await host.ask("p", "validate", input)).toEqual({ valid: true });
      expect(await host.ask("p", "access", input)).toEqual({});
      expect(await host.ask("p", "describe", input)).toEqual({ workload_type: "p", status: "unknown" });
      expect(await host.ask("p", "health", input)).toMatchObject({ healthy: true, unchecked: true });
    });

    it("has nothing to do for a teardown and for hooks the plugin does not have, and fails without a deploy", async () => {
      await using subject = await withPlugin(factory, {});
      const events: ProgressEvent[] = [];
      for (const command of ["teardown", "pre_snapshot", "post_revert"] as const) {
        await subject.host.stream("p", command, input, (event) => void events.push(event));
      }
      expect(events).toEqual([]);
      await expect(subject.host.stream("p", "deploy", input, () => {})).rejects.toMatchObject({
        code: "plugin_failed",
        message: expect.stringMatching(/^Plugin 'p' failed at deploy: .*not implemented/),
      });
    });

    it("passes on what a command reports, in order, and no more", async () => {
      await using subject = await withPlugin(factory, {
        acts: { deploy: { reports: [one, { step: "two", status: "running", message: "half way" }, complete] } },
      });
      const events: ProgressEvent[] = [];
      await subject.host.stream("p", "deploy", input, (event) => void events.push(event));
      expect(events).toEqual([one, { step: "two", status: "running", message: "half way" }, complete]);
    });

    it("fails with the plugin's words, after all it reported", async () => {
      await using subject = await withPlugin(factory, {
        asked: { describe: { fails: "no docker" } },
        acts: { deploy: { reports: [one], fails: "no image" } },
      });
      const events: ProgressEvent[] = [];
      const running = subject.host.stream("p", "deploy", input, (event) => void events.push(event));
      await expect(running).rejects.toMatchObject({
        code: "plugin_failed",
        message: "Plugin 'p' failed at deploy: no image",
      });
      expect(events).toEqual([one]);
      await expect(subject.host.ask("p", "describe", input)).rejects.toMatchObject({
        code: "plugin_failed",
        message: "Plugin 'p' failed at describe: no docker",
      });
    });

    it("does not begin what is cancelled already", async () => {
      await using subject = await withPlugin(factory, { acts: { deploy: { reports: [one] } } });
      const signal = AbortSignal.abort();
      const events: ProgressEvent[] = [];
      const running = subject.host.stream("p", "deploy", input, (event) => void events.push(event), { signal });
      await expect(running).rejects.toMatchObject({ code: "cancelled" });
      await expect(subject.host.ask("p", "health", input, { signal })).rejects.toMatchObject({ code: "cancelled" });
      expect(events).toEqual([]);
    });

    it("ends a command that is cancelled while it goes on", async () => {
      await using subject = await withPlugin(factory, { acts: { deploy: { reports: [one], hangs: true } } });
      expect(await endedBy(subject.host, (stop) => stop.abort())).toMatchObject({ code: "cancelled" });
    });

    it("lets a command go on through a reload that does not find its plugin any more", async () => {
      await using subject = await withPlugin(factory, { acts: { deploy: { reports: [one], hangs: true } } });
      const ended = await endedBy(subject.host, async (stop) => {
        await subject.uninstall("p");
        expect(await subject.host.reload()).toEqual([]);
        stop.abort();
      });
      expect(ended).toMatchObject({ code: "cancelled" });
    });

    it("fails with what whoever listens throws", async () => {
      await using subject = await withPlugin(factory, { acts: { deploy: { reports: [one], hangs: true } } });
      const refusal = new Error("No more.");
      const running = subject.host.stream("p", "deploy", input, () => {
        throw refusal;
      });
      await expect(running).rejects.toBe(refusal);
    });

    it("starts ahead what reads its input first, and nothing else", async () => {
      const acts = { deploy: { reports: [one, complete] } };
      await using subject = await withPlugin(factory, { acts });
      await subject.install("patient", { acts, readsInputFirst: true });
      await subject.host.reload();
      expect(subject.host.startAhead("p", "deploy", "demo")).toBeUndefined();
      expect(subject.host.startAhead("unknown", "deploy", "demo")).toBeUndefined();
      const events: ProgressEvent[] = [];
      const ahead = subject.host.startAhead("patient", "deploy", "demo");
      await ahead?.stream(input, (event) => void events.push(event));
      expect(events).toEqual([one, complete]);
    });

    it("ends what was started ahead and is not needed", async () => {
      await using subject = await withPlugin(factory, { acts: { deploy: { hangs: true } }, readsInputFirst: true });
      const ahead = subject.host.startAhead("p", "deploy", "demo");
      expect(ahead).toBeDefined();
      await expect(ahead?.drop()).resolves.toBeUndefined();
    });

    it("fails and is cancelled alike where it was started ahead", async () => {
      await using subject = await withPlugin(factory, {
        acts: { deploy: { fails: "no image" }, teardown: { reports: [one], hangs: true } },
        readsInputFirst: true,
      });
      const { host } = subject;
      await expect(host.startAhead("p", "deploy", "demo")?.stream(input, () => {})).rejects.toMatchObject({
        code: "plugin_failed",
        message: "Plugin 'p' failed at deploy: no image",
      });
      const stop = new AbortController();
      const running = host
        .startAhead("p", "teardown", "demo")
        ?.stream(input, () => stop.abort(), { signal: stop.signal });
      await expect(running).rejects.toMatchObject({ code: "cancelled" });
    });
  });
}
