import type { Io } from "../io.ts";
import { jsonText, oneLine, withoutLineEnds, yamlText } from "./printable.ts";
import { type Colors, colors } from "./terminal.ts";

export type Format = "text" | "json" | "yaml" | "name";

export interface OutputStyle {
  readonly format: Format;
  /** Text with all the columns there are. */
  readonly wide: boolean;
  readonly quiet: boolean;
  readonly color: boolean;
}

/** How one result is shown: for people, and by the names a script would go on with. */
export interface Views {
  text(): string;
  names(): readonly string[];
}

/** Results go to stdout; whatever is said around them goes to stderr, so a pipe carries nothing but the result. */
export class Output {
  readonly style: OutputStyle;
  readonly colors: Colors;
  readonly #io: Io;

  constructor(io: Io, style: OutputStyle) {
    this.#io = io;
    this.style = style;
    this.colors = colors(style.color);
  }

  /** What a command is asked for. Its JSON is the API's own. */
  async result(value: unknown, views: Views): Promise<void> {
    this.#io.stdout.write(await this.#shown(value, views));
  }

  /** That something was done, in one line: nothing to show with `-q`, or as JSON where the API answers with nothing. */
  async done(value: unknown, views: Views): Promise<void> {
    if (this.style.format === "text" && this.style.quiet) return;
    if (value === undefined && (this.style.format === "json" || this.style.format === "yaml")) return;
    await this.result(value, { ...views, text: () => `${oneLine(views.text())}\n` });
  }

  /** A remark of one line for people: a next step, a hint. */
  note(text: string): void {
    if (!this.style.quiet && this.style.format === "text") this.#io.stderr.write(`${withoutLineEnds(text)}\n`);
  }

  /** Something that is not as it may seem. Said in every format, with `-q` too. */
  warn(text: string): void {
    this.#io.stderr.write(`${this.colors.yellow("warning:")} ${oneLine(text)}\n`);
  }

  async #shown(value: unknown, views: Views): Promise<string> {
    switch (this.style.format) {
      case "json":
        return `${jsonText(value, 2)}\n`;
      case "yaml":
        return yamlText(value);
      case "name":
        return views
          .names()
          .map((name) => `${oneLine(name)}\n`)
          .join("");
      case "text":
        return views.text();
    }
  }
}
