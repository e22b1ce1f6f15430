import type { Row, Words } from "./row.ts";

/** The table's lines. Every word of the API becomes text, never markup. */
export function renderRows(body: HTMLElement, rows: readonly Row[]): void {
  body.replaceChildren(...rows.map(renderRow));
}

function renderRow(row: Row): HTMLElement {
  const name = element("th", row.name);
  name.scope = "row";
  const status = element("td", words(row.status));
  if (row.problem !== undefined) status.append(element("p", words({ text: row.problem, tone: "bad" })));
  return element(
    "tr",
    name,
    status,
    element("td", words(row.health)),
    element("td", row.workload),
    element("td", list(row.ports.map(({ text, href }) => (href === undefined ? text : link(text, href))))),
    element("td", row.snapshots.length === 0 ? "–" : list(row.snapshots)),
    element("td", row.operation === undefined ? "–" : words(row.operation)),
  );
}

function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  ...content: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.append(...content);
  return made;
}

function words({ text, tone }: Words): HTMLElement {
  const span = element("span", text);
  if (tone !== undefined) span.className = tone;
  return span;
}

function list(items: readonly (Node | string)[]): HTMLElement {
  return element("ul", ...items.map((item) => element("li", item)));
}

function link(text: string, href: string): HTMLElement {
  const made = element("a", text);
  made.href = href;
  made.rel = "noreferrer";
  return made;
}
