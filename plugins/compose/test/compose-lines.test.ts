import { newProgress } from "@dockersnap/plugin-sdk/testing";
import { expect, test } from "vitest";
import { followCompose } from "../compose-lines.ts";

function steps(lines: readonly string[]): (string | undefined)[] {
  const progress = newProgress();
  lines.forEach(followCompose(progress));
  return progress.events().map(({ message }) => message);
}

test("the older Compose's lines become steps", () => {
  expect(
    steps([
      'Creating network "demo_default" with the default driver',
      "Building web",
      "Step 1/3 : FROM scratch",
      "Creating demo_web_1 ... ",
      "Creating demo_web_1 ... done",
    ]),
  ).toEqual(["creating network", "building web", "creating demo_web_1", "creating demo_web_1: done"]);
});

test("the newer Compose's lines become steps, each said once", () => {
  expect(
    steps([
      " Network demo_default  Created",
      ' Volume "demo_data"  Creating',
      " Container demo-web-1  Starting",
      " Container demo-web-1  Starting",
      " Container demo-web-1  Started",
      "[+] Running 2/2",
    ]),
  ).toEqual([
    "network demo_default: created",
    "volume demo_data: creating",
    "container demo-web-1: starting",
    "container demo-web-1: started",
  ]);
});

test("a Compose that never stops talking is not followed for ever", () => {
  const lines = Array.from({ length: 5000 }, (_, index) => `Creating demo_web_${index} ... done`);
  expect(steps(lines)).toHaveLength(1000);
});
