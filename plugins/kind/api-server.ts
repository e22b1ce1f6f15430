import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Context, DockersnapError } from "@dockersnap/plugin-sdk";
import { listOf, textOf } from "./api-objects.ts";
import { getKubeconfig } from "./kind-cli.ts";
import { kubeconfig, readCredentials } from "./kubeconfig.ts";
import { type ApiNode, parseNode } from "./node.ts";
import { plainText } from "./plain-text.ts";
import { type Pod, parsePod } from "./pod.ts";
import { type ScratchFile, scratchFile } from "./scratch-file.ts";

/** Pods come in pages, so that an answer stays far below what is kept of a program's output. */
const podsPerPage = 200;
const mostPages = 5;

/** Before the program is ended for being late, it is asked to give up by itself and say why. */
const marginMs = 500;

/**
 * A cluster's API server, asked through kubectl inside the instance's network namespace, where kind publishes it. All
 * questions together share one span of time. Holds the credentials in a file until it is disposed of.
 */
export class ApiServer implements AsyncDisposable {
  readonly #ctx: Pick<Context, "nsenter">;
  readonly #file: ScratchFile;
  readonly #until: number;

  private constructor(ctx: Pick<Context, "nsenter">, file: ScratchFile, until: number) {
    this.#ctx = ctx;
    this.#file = file;
    this.#until = until;
  }

  static async of(ctx: Pick<Context, "exec" | "nsenter">, cluster: string, withinMs: number): Promise<ApiServer> {
    const until = performance.now() + withinMs;
    const credentials = await readCredentials(await getKubeconfig(ctx, cluster, withinMs));
    const file = await scratchFile("kubeconfig");
    try {
      // kubectl asks a proxy of the operator's for every address but those of the loopback.
      const server = credentials.server.replace("//0.0.0.0:", "//127.0.0.1:");
      await writeFile(file.path, await kubeconfig(cluster, server, credentials), { mode: 0o600 });
      return new ApiServer(ctx, file, until);
    } catch (error) {
      await file[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Rejects with its reasons while it is not ready to serve. */
  async requireReady(): Promise<void> {
    await this.#get("/readyz");
  }

  async nodes(): Promise<ApiNode[]> {
    const { items } = await this.#list("/api/v1/nodes?limit=500");
    return items.map(parseNode).filter((node) => node !== undefined);
  }

  /** The first pods by namespace and name, and whether these are all. */
  async pods(): Promise<{ pods: Pod[]; isComplete: boolean }> {
    const pods: Pod[] = [];
    let next = "";
    for (let page = 0; page < mostPages; page += 1) {
      const query = new URLSearchParams({ limit: String(podsPerPage), ...(next !== "" && { continue: next }) });
      const { items, more } = await this.#list(`/api/v1/pods?${query}`);
      pods.push(...items.map(parsePod).filter((pod) => pod !== undefined));
      if (more === "") return { pods, isComplete: true };
      next = more;
    }
    return { pods, isComplete: false };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }

  async #list(path: string): Promise<{ items: unknown[]; more: string }> {
    const text = await this.#get(path);
    try {
      const document: unknown = JSON.parse(text);
      return { items: listOf(document, "items"), more: textOf(document, "metadata", "continue") };
    } catch (cause) {
      throw new DockersnapError("plugin_failed", `kubectl answered for ${path} with something that is not JSON.`, {
        cause,
      });
    }
  }

  async #get(path: string): Promise<string> {
    const leftMs = Math.round(this.#until - performance.now());
    if (leftMs <= marginMs) throw new DockersnapError("plugin_failed", "The API server took too long to answer.");
    const options = [
      ...["--kubeconfig", this.#file.path, `--request-timeout=${leftMs - marginMs}ms`],
      // Its usual cache is in the operator's home, and knows no source from its clones: both have the same address.
      ...["--cache-dir", join(dirname(this.#file.path), "cache")],
    ];
    const result = await this.#ctx.nsenter("kubectl", [...options, "get", "--raw", path], {
      timeoutMs: leftMs,
      allowFailure: true,
      // The operator's proxy is for what is outside.
      env: { NO_PROXY: "*", no_proxy: "*" },
    });
    if (result.exitCode === 0) return result.stdout;
    const said = plainText(result.stderr || result.stdout, 500) || `kubectl ended with ${result.exitCode}`;
    throw new DockersnapError("plugin_failed", said);
  }
}
