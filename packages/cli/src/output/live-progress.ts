import type { ProgressEvent } from "@dockersnap/contract/words";
import type { Sink } from "../io.ts";
import { oneLine } from "./printable.ts";
import { isEnd, type ProgressView } from "./progress.ts";
import { type Colors, control } from "./terminal.ts";
import { span } from "./time.ts";

interface Step {
  readonly name: string;
  /** A plugin's, within one of the daemon's. */
  readonly inner: boolean;
  status: ProgressEvent["status"];
  message: string | undefined;
  percent: number | undefined;
  readonly began: number;
  took: number | undefined;
}

/**
 * Steps of the daemon in which a plugin tells its own. Those come one after the other, and rarely does a plugin say that one is
 * done; the daemon's own may run side by side and always do.
 */
const plugins = new Set(["deploy", "teardown"]);

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameMs = 80;

/** A list of steps that redraws itself in place: a spinner and the time for what runs, a mark and its time for what ended. */
export function liveProgress(sink: Sink, colors: Colors, now: () => number = () => performance.now()): ProgressView {
  const steps: Step[] = [];
  let drawn = 0;
  let frame = 0;
  let paused = false;
  const timer = setInterval(() => {
    frame += 1;
    draw();
  }, frameMs);
  timer.unref();

  function draw(): void {
    if (paused) return;
    const lines = steps.map(line);
    sink.write(`${erased()}${lines.map((text) => `${text}\n`).join("")}`);
    drawn = lines.length;
  }

  /** Cursor to the first line drawn, and everything below it gone. */
  function erased(): string {
    return drawn === 0 ? "" : control(`[${drawn}A`) + control("[0J");
  }

  function line(step: Step): string {
    const time = span(step.took ?? now() - step.began);
    const percent = step.percent === undefined || step.status !== "running" ? "" : ` ${Math.round(step.percent)} %`;
    const told = step.message === undefined ? "" : `  ${oneLine(step.message)}`;
    const name = oneLine(step.name);
    // One step is one line, or the way back up would be counted wrongly.
    const room = (sink.columns || 80) - [...name].length - time.length - percent.length - 8;
    const message = [...told].length > room ? `${[...told].slice(0, Math.max(0, room - 1)).join("")}…` : told;
    return `${step.inner ? "  " : ""}${mark(step)} ${name}${percent} ${colors.dim(time)}${colors.dim(room > 3 ? message : "")}`;
  }

  function mark(step: Step): string {
    if (step.status === "done") return colors.green("✔");
    if (step.status === "error") return colors.red("✖");
    return colors.cyan(frames[frame % frames.length] ?? "");
  }

  function update(event: ProgressEvent): void {
    let step = steps.findLast((known) => known.name === event.step && known.status === "running");
    if (step === undefined) {
      const inner = !plugins.has(event.step) && running().some((known) => plugins.has(known.name));
      if (inner) finish("done", running().filter(isInner));
      const name = event.step;
      step = { name, inner, status: "running", message: undefined, percent: undefined, began: now(), took: undefined };
      steps.push(step);
    }
    step.message = event.message ?? step.message;
    step.percent = event.percent ?? step.percent;
    if (event.status === "running") return;
    finish(event.status, plugins.has(step.name) ? [step, ...running().filter(isInner)] : [step]);
  }

  function finish(status: "done" | "error", ended: readonly Step[]): void {
    for (const step of ended) {
      step.status = status;
      step.took = now() - step.began;
    }
  }

  const running = () => steps.filter((step) => step.status === "running");
  const isInner = (step: Step) => step.inner;

  return {
    event(event) {
      if (isEnd(event)) finish(event.status === "done" ? "done" : "error", running());
      else update(event);
      draw();
    },
    say(text) {
      sink.write(`${erased()}${oneLine(text)}\n`);
      drawn = 0;
      draw();
    },
    pause() {
      draw();
      paused = true;
      // What the other one writes stays, and the list begins anew below it.
      drawn = 0;
    },
    resume() {
      paused = false;
      draw();
    },
    end() {
      clearInterval(timer);
      paused = false;
      draw();
      drawn = 0;
    },
  };
}
