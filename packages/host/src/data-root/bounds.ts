/** Of one JSON file of dockerd's. A container with thousands of labels has some hundred kilobytes. */
export const mostJsonBytes = 4 * 1_048_576;

/** Of `repositories.json`, which names every tag of every image, and of each bolt database. */
export const mostListBytes = 64 * 1_048_576;

/** Of each kind of thing in a data-root. */
export const mostThings = 10_000;

/** Files that are read at once. */
export const readsAtOnce = 8;
