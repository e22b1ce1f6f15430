import type { Io, Surroundings as Process } from "../src/io.ts";
import { main } from "../src/main.ts";

export interface Surroundings {
  readonly daemon?: { readonly url: string };
  readonly env?: Record<string, string>;
  readonly home?: string;
  readonly parentProgram?: string;
  /** stdout is a terminal. */
  readonly terminal?: boolean;
  /** Input and the error stream are terminals. */
  readonly interactive?: boolean;
  readonly confirm?: boolean;
  readonly choose?: string | undefined;
  /** Called with what presses Ctrl-C, as soon as it is listened for. */
  readonly onListening?: (press: () => void) => void;
  readonly run?: Io["run"];
  readonly converse?: Io["converse"];
  readonly pluginSdkFolder?: string;
  readonly columns?: number;
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly questions: readonly string[];
  readonly became: readonly string[];
}

/** One command line, in this process, with everything it prints and asks. */
export async function runCli(argv: readonly string[], around: Surroundings = {}): Promise<Outcome> {
  let stdout = "";
  let stderr = "";
  const questions: string[] = [];
  const became: string[] = [];
  const sink = (write: (text: string) => void) => ({
    write,
    isTTY: around.interactive === true,
    columns: around.columns,
  });
  const io: Process = {
    stdout: { ...sink((text) => (stdout += text)), isTTY: around.terminal === true },
    stderr: sink((text) => (stderr += text)),
    interactive: around.interactive === true,
    env: { DOCKERSNAP_REMOTE: around.daemon?.url ?? "http://127.0.0.1:1", ...around.env },
    home: around.home ?? "/nonexistent",
    parentProgram: around.parentProgram,
    daemonProgram: "/opt/dockersnap/dist/daemon/main.mjs",
    pluginCheckProgram: "/opt/dockersnap/dist/plugin-check/main.mjs",
    pluginSdkFolder: around.pluginSdkFolder ?? "/opt/dockersnap/dist/plugin-sdk",
    onInterrupt(listener) {
      around.onListening?.(listener);
      return { [Symbol.dispose]: () => undefined };
    },
    onTermination: () => ({ [Symbol.dispose]: () => undefined }),
    async confirm(question) {
      questions.push(question);
      return around.confirm === true;
    },
    async choose(question) {
      questions.push(question);
      return around.choose;
    },
    run: around.run ?? (async () => 0),
    converse: around.converse ?? (async () => 0),
    async become(program, args) {
      became.push(program, ...args);
      return 0;
    },
  };
  const code = await main(argv, io);
  return { code, stdout, stderr, questions, became };
}
