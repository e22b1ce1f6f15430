import { realpath } from "node:fs/promises";
import { DockersnapError, nearest, type PluginInfo, type PluginInput, type ProgressEvent } from "@dockersnap/contract";
import type { Log, PluginCallOptions, PluginHost, PluginResponses, StreamingCommand } from "@dockersnap/core";
import pLimit from "p-limit";
import { startAhead } from "./ahead.ts";
import { ask } from "./ask.ts";
import { CallsUnderWay } from "./calls-under-way.ts";
import { discover } from "./discover.ts";
import { pluginEnvironment } from "./environment.ts";
import { PipeStock } from "./pipes.ts";
import { type ProbedPlugin, probe } from "./probe.ts";
import { type PluginCall, PluginRunner } from "./runner.ts";
import { stream } from "./stream.ts";
import { defaultTimeouts, type PluginTimeouts } from "./timeouts.ts";
import { whyRefused } from "./trust.ts";

export interface PluginHostOptions {
  /** Where plugins are installed. */
  readonly dir: string;
  /** In milliseconds; the contract's defaults for what is left out. */
  readonly timeouts?: Partial<PluginTimeouts>;
  /** Handed to plugins as DOCKERSNAP_LOG_LEVEL. */
  readonly logLevel: string;
  /** What plugins get a short list of; the daemon's own environment when left out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Further variables of it that plugins get, by name. */
  readonly passedVariables?: readonly string[];
  /** Where Node keeps what it compiled of plugins; made when needed. Only the daemon's own user may be able to write there. */
  readonly compileCacheDir?: string;
  /** Where calls under way are written down, so that the first `reload` can end those of a daemon that was killed. */
  readonly callsDir?: string;
  /** Where pipes have names for the moment in which they are made. This host's alone; a folder of its own each time when left out. */
  readonly pipesDir?: string;
  readonly log: Log;
}

/** A few more than processors: one that hangs until its time is up keeps fewer others waiting. */
const probedAtOnce = 10;

/** Plugins that answer questions at one time; a deploy is not held up by them. */
const askedAtOnce = 32;
/** Of these, one plugin's own: one that never answers must not keep the others waiting. */
const askedOfOneAtOnce = 8;

/** Plugins of one folder. Knows none until the first `reload`. */
export function createPluginHost(options: PluginHostOptions): PluginHost {
  const { dir, log } = options;
  const pipes = new PipeStock(options.pipesDir);
  const calls = new CallsUnderWay(options.callsDir, log);
  const runner = new PluginRunner({
    pipes,
    calls,
    env: pluginEnvironment(options.env ?? process.env, {
      logLevel: options.logLevel,
      compileCacheDir: options.compileCacheDir,
      passed: options.passedVariables ?? [],
    }),
    timeouts: { ...defaultTimeouts, ...options.timeouts },
    whyRefused: (path) => whyRefused(path, root),
    log,
  });
  const questions = pLimit(askedAtOnce);
  const questionsOf = new Map<string, ReturnType<typeof pLimit>>();
  /** The folder as it was found by the last load, links resolved. */
  let root = dir;
  let plugins: ReadonlyMap<string, ProbedPlugin> = new Map();
  let reloading: Promise<unknown> | undefined;
  let waiting: Promise<readonly PluginInfo[]> | undefined;

  const list = () => [...plugins.values()].map(({ info }) => info);

  const load = async () => {
    const bounded = pLimit(probedAtOnce);
    root = await realpath(dir).catch(() => dir);
    const found = await look(dir, log);
    if (found.length > 0) await pipes.prepare();
    const probed = await Promise.all(found.map((plugin) => bounded(() => probe(runner, plugin))));
    plugins = new Map(probed.map((plugin) => [plugin.info.name, plugin]));
    for (const { info } of probed) announce(log, info);
    return list();
  };

  const callable = (name: string): ProbedPlugin => {
    const plugin = plugins.get(name);
    if (plugin === undefined) throw unknown(name, [...plugins.keys()], dir);
    if (plugin.ready === undefined) throw disabled(plugin.info);
    return plugin;
  };

  const callOf = <C extends PluginCall["command"]>(
    name: string,
    command: C,
    input: PluginInput,
    { signal }: PluginCallOptions,
  ) => ({ plugin: name, path: callable(name).path, command, input, signal });

  return {
    list,
    ready(name) {
      const { ready } = callable(name);
      if (ready === undefined) throw unknown(name, [], dir);
      return ready;
    },
    reload() {
      // A look that is already under way may have passed what changed just now; those who come meanwhile share the next.
      reloading ??= calls.endAbandoned();
      waiting ??= reloading.then(() => {
        waiting = undefined;
        const loaded = load();
        reloading = loaded.catch(() => undefined);
        return loaded;
      });
      return waiting;
    },
    async ask<C extends keyof PluginResponses>(
      name: string,
      command: C,
      input: PluginInput,
      callOptions: PluginCallOptions = {},
    ): Promise<PluginResponses[C]> {
      const call = callOf(name, command, input, callOptions);
      const own = questionsOf.get(name) ?? pLimit(askedOfOneAtOnce);
      questionsOf.set(name, own);
      return own(() => questions(() => ask(runner, call)));
    },
    startAhead(name, command, instance) {
      const plugin = plugins.get(name);
      if (plugin?.ready?.schema.reads_input_first !== true) return undefined;
      return startAhead(runner, { plugin: name, path: plugin.path, command, instance }, log);
    },
    async stream(
      name: string,
      command: StreamingCommand,
      input: PluginInput,
      onProgress: (event: ProgressEvent) => void,
      callOptions: PluginCallOptions = {},
    ) {
      await stream(runner, callOf(name, command, input, callOptions), onProgress);
    },
  };
}

/** A folder that cannot be read leaves the daemon without plugins, not without everything else. */
async function look(dir: string, log: Log) {
  try {
    return await discover(dir);
  } catch (error) {
    log.error("the folder of plugins cannot be read; there are no plugins", { dir, error });
    return [];
  }
}

function announce(log: Log, info: PluginInfo): void {
  const { name, status, version, error, warnings } = info;
  if (status === "ready") log.info("plugin ready", { plugin: name, version });
  else log.warn("plugin disabled", { plugin: name, reason: error });
  for (const warning of warnings ?? []) log.warn(warning, { plugin: name });
}

function unknown(name: string, known: readonly string[], dir: string): DockersnapError {
  const meant = nearest(name, known);
  const next =
    meant !== undefined
      ? `Did you mean '${meant}'?`
      : known.length > 0
        ? `There ${known.length === 1 ? "is" : "are"} ${known.map((other) => `'${other}'`).join(", ")}.`
        : `None is installed in ${dir}.`;
  return new DockersnapError("not_found", `There is no plugin '${name}'. ${next}`, {
    details: { plugin: name, ...(meant === undefined ? {} : { nearest: meant }) },
  });
}

function disabled({ name, error = "no reason is known" }: PluginInfo): DockersnapError {
  // The reason is a sentence of its own where the plugin is listed.
  const why = error.replace(`Plugin '${name}' `, "it ");
  return new DockersnapError(
    "plugin_failed",
    `Plugin '${name}' is disabled: ${/[.!?]$/.test(why) ? why : `${why}.`} Once that is put right, 'dockersnap plugin reload' takes it in.`,
    { details: { plugin: name, reason: error } },
  );
}
