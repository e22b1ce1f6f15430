import type { Drill } from "./drill.ts";
import type { Exercise } from "./exercise.ts";

/** A clone of a snapshot that holds what the bystander does, and how it looks: only what comes back by itself runs. */
export function cloning(drill: Drill, source: string, label: string): Pick<Exercise, "call" | "done"> {
  const data = `the data of ${drill.bystander}`;
  return {
    call: (name) => ({ method: "POST", path: `/instances/${source}/clone`, body: { label, new_name: name } }),
    done: () => ({
      status: "running",
      data,
      page: data,
      quiet: false,
      snapshots: [],
      kept: {},
      forwarded: [8080],
      containers: ["task is down", "web runs"],
    }),
  };
}
