import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { liveProgress } from "../../src/output/live-progress.ts";
import { cleanSink, colors } from "../../src/output/terminal.ts";

let screen: string[];
let now: number;
const sink = cleanSink({ write: (text) => screen.push(text), isTTY: true, columns: 40 });
const view = () => liveProgress(sink, colors(false), () => now);
const last = () => screen.at(-1);

beforeEach(() => {
  vi.useFakeTimers();
  screen = [];
  now = 0;
});
afterEach(() => {
  vi.useRealTimers();
});

it("redraws its lines in place with the time that passed", () => {
  const shown = view();
  shown.event({ step: "deploy", status: "running", percent: 40 });
  expect(last()).toBe("⠋ deploy 40 % 0 ms\n");
  now = 1500;
  vi.advanceTimersByTime(80);
  expect(last()).toBe("\u001b[1A\u001b[0J⠙ deploy 40 % 1.5 s\n");
  shown.event({ step: "deploy", status: "done" });
  expect(last()).toBe("\u001b[1A\u001b[0J✔ deploy 1.5 s\n");
  shown.end();
});

it("marks what a plugin left open as done at the end, and as failed at an error", () => {
  const good = view();
  good.event({ step: "starting", status: "running", message: "echo" });
  good.event({ step: "complete", status: "done" });
  expect(last()).toContain("✔ starting 0 ms  echo\n");
  good.end();
  const bad = view();
  bad.event({ step: "starting", status: "running" });
  bad.event({ step: "error", status: "error", message: "no" });
  expect(last()).toBe("\u001b[1A\u001b[0J✖ starting 0 ms\n");
  bad.end();
});

it("shows a plugin's steps within the daemon's, each over when the next begins", () => {
  const shown = view();
  shown.event({ step: "deploy", status: "running" });
  shown.event({ step: "pulling", status: "running" });
  shown.event({ step: "starting", status: "running" });
  expect(last()).toBe("\u001b[2A\u001b[0J⠋ deploy 0 ms\n  ✔ pulling 0 ms\n  ⠋ starting 0 ms\n");
  shown.event({ step: "deploy", status: "done" });
  expect(last()).toContain("✔ deploy 0 ms\n  ✔ pulling 0 ms\n  ✔ starting 0 ms\n");
  shown.end();
});

it("leaves the daemon's own steps running side by side", () => {
  const shown = view();
  shown.event({ step: "dataset", status: "running" });
  shown.event({ step: "network", status: "running" });
  shown.event({ step: "dataset", status: "done" });
  expect(last()).toContain("✔ dataset 0 ms\n⠋ network 0 ms\n");
  shown.end();
});

it("keeps a step on one line of the terminal and its text harmless", () => {
  const shown = view();
  shown.event({ step: "deploy", status: "running", message: `\u001b[2J${"long ".repeat(30)}` });
  const line = last()?.trimEnd() ?? "";
  expect([...line].length).toBeLessThan(40);
  expect(line).toContain("…");
  expect(line).not.toContain("\u001b");
  shown.end();
});

it("draws nothing while a question has the terminal, nor after the end", () => {
  const shown = view();
  shown.event({ step: "a", status: "running" });
  shown.pause();
  const before = screen.length;
  vi.advanceTimersByTime(800);
  shown.event({ step: "b", status: "running" });
  expect(screen.length).toBe(before);
  shown.resume();
  expect(last()).toBe("⠋ a 0 ms\n⠋ b 0 ms\n");
  shown.say("Cancelling.");
  shown.end();
  const ended = screen.length;
  vi.advanceTimersByTime(800);
  expect(screen.length).toBe(ended);
});
