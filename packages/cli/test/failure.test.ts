import { readFileSync } from "node:fs";
import { DaemonUnreachableError } from "@dockersnap/client";
import { expect, it } from "vitest";
import { InterruptedError, reportFailure, UsageError } from "../src/failure.ts";
import type { Io } from "../src/io.ts";

it("is told in full on the page of errors, beside the codes of the API", () => {
  const page = readFileSync(new URL("../../../docs/reference/errors.md", import.meta.url), "utf8");
  const [table = ""] = /^\| code \| exit code \|.*?\n\n/ms.exec(page) ?? [];
  const told = [...table.matchAll(/^\| `(\w+)` \| (\d+) \| .+? \| .+? \|$/gm)].map(([, code, exit]) => [
    code,
    Number(exit),
  ]);
  const failures = [
    new UsageError("x"),
    new DaemonUnreachableError("http://127.0.0.1:1", "Nothing answers."),
    new InterruptedError("x"),
    new Error("EACCES"),
  ];
  const own = failures.map((failure) => {
    let printed = "";
    const io = { stderr: { write: (text: string) => (printed += text) } } as unknown as Io;
    const exit = reportFailure(failure, io, { json: true, color: false });
    return [JSON.parse(printed).code, exit];
  });
  expect(told).toEqual(own);
});
