import type { Element } from "./elements.ts";
import type { Resolver } from "./resolver.ts";

/** What an instance has in the table as long as its network is there. */
export function linkElements(owner: string, device: string, { leads }: Resolver): readonly Element[] {
  return [
    { set: "links", key: device, owner },
    ...leads.map(({ asked, server }): Element => ({ set: "dns", key: `${device} . ${asked}`, value: server, owner })),
  ];
}

/** Only a name server on the host's loopback needs an accept of its own. */
export function stubOf(elements: readonly Element[], owners: readonly string[]): string | undefined {
  return elements.find(({ set, owner, value }) => set === "dns" && owners.includes(owner) && value?.startsWith("127."))
    ?.value;
}
