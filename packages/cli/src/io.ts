/** Where the process writes to. */
export interface Stream {
  write(text: string): unknown;
  readonly isTTY: boolean;
  /** Characters in a line of the terminal; undefined without one. */
  readonly columns: number | undefined;
}

/** The same for commands: nothing that is written can command a terminal, but for the colours and moves of `terminal.ts`. */
export interface Sink extends Stream {
  /** For text that another program reads, which has to be what it is. On a terminal it is as harmless as any other. */
  writeExactly(text: string): unknown;
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

export interface Conversation {
  readonly firstLine: string;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
}

/** The process as it is. */
export interface Surroundings extends Omit<Io, "stdout" | "stderr"> {
  readonly stdout: Stream;
  readonly stderr: Stream;
}

/** All of the surrounding process a command may touch, so that every command also runs inside a test. */
export interface Io {
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** A person is there to answer: input and the error stream are both terminals. */
  readonly interactive: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The caller's home folder. */
  readonly home: string;
  /** The name of the program that started this one, where the system tells. */
  readonly parentProgram: string | undefined;
  /** The daemon's program, for the verbs that run on its own host. */
  readonly daemonProgram: string;
  /** The program that checks plugins. */
  readonly pluginCheckProgram: string;
  /** The plugin SDK of this installation, with the templates of new plugins. */
  readonly pluginSdkFolder: string;
  /** Takes Ctrl-C over from the system for as long as the handle is held. */
  onInterrupt(listener: () => void): Disposable;
  /** As `onInterrupt`, for being told to end by another program or a terminal that closes. */
  onTermination(listener: () => void): Disposable;
  confirm(question: string): Promise<boolean>;
  /** Undefined when the person turned the question away, or when `signal` ended it. */
  choose(question: string, choices: readonly Choice[], signal: AbortSignal): Promise<string | undefined>;
  /** Runs a program on the same terminal to its end and answers with its exit code. Rejects when it cannot be started. */
  run(program: string, args: readonly string[], env: Record<string, string | undefined>): Promise<number>;
  /**
   * Runs a program that is told what to do by the first line of its stdin, and hands over each line of its stdout. Its stdin
   * stays open until it ends, or `signal` says that nobody waits for it. Answers with its exit code.
   */
  converse(program: string, args: readonly string[], conversation: Conversation): Promise<number>;
  /** Turns this process into the program. Answers only where that is not possible, with the program's exit code. */
  become(program: string, args: readonly string[]): Promise<number>;
}
