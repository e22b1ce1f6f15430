import { get } from "node:http";
import { parentPort, workerData } from "node:worker_threads";
import { type Answer, type Load, now } from "./load.ts";

const { host, port, clients = 0, everyMs, timeoutMs } = workerData as Load;
const answers: Answer[] = [];
let stopped = false;

function ask(): Promise<void> {
  const at = now();
  return new Promise((resolve) => {
    const settle = (ok: boolean) => {
      answers.push({ at, ms: now() - at, ok });
      if (answers.length === 1) parentPort?.postMessage("started");
      resolve();
    };
    const request = get({ host, port, agent: false, timeout: timeoutMs }, (response) => {
      response.resume();
      response.once("end", () => settle(response.statusCode === 200));
      response.once("error", () => settle(false));
    });
    request.once("timeout", () => request.destroy(new Error("No answer in time.")));
    request.once("error", () => settle(false));
  });
}

async function repeat(): Promise<void> {
  while (!stopped) await ask();
}

const pending: Promise<void>[] = Array.from({ length: clients }, repeat);
const timer = everyMs === undefined ? undefined : setInterval(() => pending.push(ask()), everyMs);

parentPort?.once("message", async () => {
  stopped = true;
  clearInterval(timer);
  await Promise.all(pending);
  parentPort?.postMessage(answers);
});
