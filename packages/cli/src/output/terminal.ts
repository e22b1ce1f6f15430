import { printable } from "@dockersnap/contract/words";
import type { Io, Sink, Stream, Surroundings } from "../io.ts";

/** What a command line may write to a terminal beyond text. */
export interface Colors {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

/**
 * Stands before each control sequence of this program until it is written. It is made up anew in each process, so that text
 * of others cannot have one in it, whatever it contains.
 */
let mark: string | undefined;

/** A control sequence of this program, such as `[0J`: only sinks let it through. */
export function control(sequence: string): string {
  mark ??= `\u001b${process.getBuiltinModule("node:crypto").randomUUID()}`;
  return mark + sequence;
}

export function colors(enabled: boolean): Colors {
  const paint = (on: number, off: number) => (text: string) =>
    enabled ? `${control(`[${on}m`)}${text}${control(`[${off}m`)}` : text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
  };
}

/**
 * Everything that this program writes goes through these sinks, and so does whatever others wrote: plugins, containers, the
 * daemon, files. None of it can command the terminal, wherever it stands and whoever forgot to think of it.
 */
export function withCleanSinks(around: Surroundings): Io {
  return Object.create(around, {
    stdout: { value: cleanSink(around.stdout) },
    stderr: { value: cleanSink(around.stderr) },
    confirm: { value: (question: string) => around.confirm(printable(question)) },
    choose: {
      value: (question: string, ...rest: [Parameters<Io["choose"]>[1], AbortSignal]) =>
        around.choose(printable(question), ...rest),
    },
  });
}

export function cleanSink(stream: Stream): Sink {
  return {
    write: (text) => stream.write(clean(text)),
    writeExactly: (text) => stream.write(stream.isTTY ? clean(text) : text),
    isTTY: stream.isTTY,
    get columns() {
      return stream.columns;
    },
  };
}

function clean(text: string): string {
  if (mark === undefined) return printable(text);
  const [first = "", ...others] = text.split(mark);
  return printable(first) + others.map(afterMark).join("");
}

function afterMark(text: string): string {
  const end = text.search(/[a-z]/i) + 1;
  return `\u001b${text.slice(0, end)}${printable(text.slice(end))}`;
}
