import { exitCodes, HelpRequested, InterruptedError } from "../failure.ts";
import type { Io } from "../io.ts";
import { cleanSink } from "../output/terminal.ts";
import { takeOut } from "./leave.ts";
import { dialectFor, shellNames } from "./shells.ts";

/**
 * Runs `use` for a shell that evaluates its output: `eval "$(dockersnap use web)" && docker ps` never sees the exit code, and
 * evaluating nothing succeeds. So the output is printed only once it is whole, and a failure or a signal prints code that takes
 * the instance used before out of the shell and ends with a false status. Help goes to stderr, or its words would be run.
 */
export async function evaluated(argv: readonly string[], io: Io, act: (io: Io) => Promise<number>): Promise<number> {
  let printed = "";
  const listeners = new Set<() => void>();
  const { promise: interrupted, reject } = Promise.withResolvers<never>();
  let isInterrupted = false;
  const interrupt = () => {
    isInterrupted = true;
    reject(new InterruptedError("Interrupted."));
    for (const listener of listeners) listener();
  };
  const listen = (listener: () => void): Disposable => {
    listeners.add(listener);
    if (isInterrupted) listener();
    return { [Symbol.dispose]: () => listeners.delete(listener) };
  };
  const held: Io = Object.create(io, {
    stdout: { value: cleanSink({ isTTY: false, columns: undefined, write: (text) => (printed += text) }) },
    onInterrupt: { value: listen },
    onTermination: { value: listen },
  });
  using _interrupts = io.onInterrupt(interrupt);
  using _terminations = io.onTermination(interrupt);
  try {
    const code = await Promise.race([act(held), interrupted]);
    io.stdout.writeExactly(printed);
    return code;
  } catch (error) {
    if (error instanceof HelpRequested) {
      // Help is no shell code, and nothing was used.
      io.stderr.write(error.text);
      io.stdout.writeExactly("false;\n");
      return exitCodes.done;
    }
    const dialect = dialectFor(shellAskedFor(argv), io);
    io.stdout.writeExactly(`${(await takeOut(io, dialect)).join("\n")}\n`);
    throw error;
  }
}

/** From words that may not be understood as a whole; a shell that does not exist asks for none. */
function shellAskedFor(argv: readonly string[]): string | undefined {
  const at = argv.findLastIndex((word) => word === "--shell" || word.startsWith("--shell="));
  const asked = argv[at] === "--shell" ? argv[at + 1] : argv[at]?.slice("--shell=".length);
  return asked !== undefined && shellNames.includes(asked) ? asked : undefined;
}
