import type { PoolRoom } from "@dockersnap/contract/words";
import { defineCommand } from "../command.ts";
import { size } from "../output/bytes.ts";
import type { Output } from "../output/output.ts";
import { fields } from "../output/table.ts";
import { poolWarning } from "../pool.ts";

export const poolShow = defineCommand({
  summary: "Show how full the pool is",
  args: {},
  examples: ["dockersnap pool", "dockersnap pool -o json"],
  async run({ client, out }) {
    await showPool(await client.pool.get(), out);
  },
});

export async function showPool(room: PoolRoom, out: Output): Promise<void> {
  const { total_bytes: total, free_bytes: free, reserve_bytes: reserve, state, metadata } = room;
  await out.result(room, {
    text: () =>
      fields(
        [
          ["State", state === "read_only" ? "read-only" : state.replace("_", " ")],
          ["Size", size(total)],
          ["Free", size(free)],
          ["Reserve", `${size(reserve)}: below it nothing new is begun`],
          [
            "Metadata",
            metadata &&
              `${size(metadata.free_bytes)} of ${size(metadata.total_bytes)} free, ${size(metadata.reserve_bytes)} in reserve`,
          ],
        ],
        out.colors.bold,
      ),
    names: () => [state],
  });
  const warning = poolWarning(room);
  if (warning !== undefined) out.warn(warning);
  for (const { what, since, reason } of room.set_aside ?? []) {
    out.warn(
      `${what} was removed at ${since}, but its space is not free yet${reason === undefined ? "" : `: ${reason}`}. The daemon tries again.`,
    );
  }
}
