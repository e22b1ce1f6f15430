import type { Adapters } from "../app/adapters.ts";
import type { Finding } from "./checks.ts";

/** What was removed and could not be deleted yet. The daemon tries again by itself, so what is left here is held. */
export async function checkSetAside({ storage }: Pick<Adapters, "storage">): Promise<readonly Finding[]> {
  const aside = await storage.setAside();
  return aside.map(({ what, path, since, reason }) => ({
    subject: "removed, not deleted",
    seen: `${what}, since ${since.toISOString()}: ${path}`,
    advice:
      reason === undefined
        ? "Its space is not free. Look what uses it ('fuser -m', /proc/swaps); the daemon tries again every half minute."
        : `Its space is not free: ${reason}. The daemon tries again every half minute.`,
  }));
}
