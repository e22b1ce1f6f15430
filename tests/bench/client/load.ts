import { once } from "node:events";
import { Worker } from "node:worker_threads";

export interface Answer {
  /** Milliseconds since the epoch, when it was asked. */
  readonly at: number;
  readonly ms: number;
  readonly ok: boolean;
}

export interface Load {
  readonly host: string;
  readonly port: number;
  /** Requests are sent one after the other by so many clients at once, each over a connection of its own. */
  readonly clients?: number;
  /** Or one every so many milliseconds, whether or not those before it were answered. */
  readonly everyMs?: number;
  /** An unanswered request is given up after this. */
  readonly timeoutMs: number;
}

/** A client on a thread of its own, so that nothing the benchmark does looks like a slow service. */
export class Client {
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  /** Resolves when the first answer is there. */
  static async start(load: Load): Promise<Client> {
    const worker = new Worker(new URL("client.ts", import.meta.url), { workerData: load });
    await once(worker, "message");
    return new Client(worker);
  }

  /** Every request since the start. */
  async stop(): Promise<readonly Answer[]> {
    const answers = once(this.#worker, "message");
    this.#worker.postMessage("stop");
    const [all] = await answers;
    return all as readonly Answer[];
  }
}

/** The clock of `Answer.at`. */
export const now = () => performance.timeOrigin + performance.now();
