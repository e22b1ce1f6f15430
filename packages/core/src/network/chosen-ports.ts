/** Ports with both ends. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** The lowest port that Docker itself would choose. Ports below it are left to people who name them. */
const lowest = 32_768;
const highest = 65_535;
const perInstance = 512;

/**
 * The ports that an engine chooses from when nobody names one. The ranges of 64 consecutive subnets do not overlap, so
 * that a chosen port has the same number inside the instance and on the host. The 65th subnet shares the first range.
 */
export function chosenPorts(subnetIndex: number): PortRange {
  const ranges = (highest + 1 - lowest) / perInstance;
  const first = lowest + (subnetIndex % ranges) * perInstance;
  return { first, last: first + perInstance - 1 };
}
