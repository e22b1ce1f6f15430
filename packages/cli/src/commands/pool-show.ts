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
  const { total_bytes: total, free_bytes: free, reserve_bytes: reserve, state } = room;
  await out.result(room, {
    text: () =>
      fields(
        [
          ["State", state.replace("_", " ")],
          ["Size", size(total)],
          ["Free", size(free)],
          ["Kept back", `${size(reserve)}: below it nothing new is begun`],
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
