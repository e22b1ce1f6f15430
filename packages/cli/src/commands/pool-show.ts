import type { PoolRoom } from "@dockersnap/contract/words";
import { size } from "@dockersnap/contract/words";
import { defineCommand } from "../command.ts";
import type { Output } from "../output/output.ts";
import { fields } from "../output/table.ts";
import { poolWarning } from "../pool.ts";

export const poolShow = defineCommand({
  summary: "Show the pool's free space and what is in use",
  args: {},
  examples: ["dockersnap pool", "dockersnap pool -o json"],
  async run({ client, out }) {
    await showPool(await client.pool.get(), out);
  },
});

const stateWords: Readonly<Partial<Record<PoolRoom["state"], string>>> = {
  nearly_full: "nearly full",
  read_only: "read-only",
  unmounted: "not mounted",
};

export async function showPool(room: PoolRoom, out: Output): Promise<void> {
  const { total_bytes: total, free_bytes: free, reserve_bytes: reserve, state, metadata } = room;
  const isThere = state !== "unmounted";
  await out.result(room, {
    text: () =>
      fields(
        [
          ["State", stateWords[state] ?? state],
          ["Size", isThere ? size(total) : undefined],
          ["Free", isThere ? size(free) : undefined],
          ["Reserve", isThere ? `${size(reserve)}: below it nothing new is begun` : undefined],
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
