/**
 * Sort things into chains: those that share an instance, directly or through others, in one chain and in their order.
 * Chains can be worked off side by side.
 */
export function chainsOf<T>(things: readonly T[], instancesOf: (thing: T) => readonly string[]): readonly T[][] {
  const order = new Map(things.map((thing, index) => [thing, index]));
  let chains: { things: T[]; instances: Set<string> }[] = [];
  for (const thing of things) {
    const instances = instancesOf(thing);
    const shared = chains.filter((chain) => instances.some((instance) => chain.instances.has(instance)));
    chains = chains.filter((chain) => !shared.includes(chain));
    chains.push({
      things: [...shared.flatMap((chain) => chain.things), thing],
      instances: new Set([...shared.flatMap((chain) => [...chain.instances]), ...instances]),
    });
  }
  const position = (thing: T) => order.get(thing) ?? 0;
  return chains.map((chain) => chain.things.sort((a, b) => position(a) - position(b)));
}
