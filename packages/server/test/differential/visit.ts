/** Changes at places of a JSON body that are named by a path. */

export type Node = Record<string, unknown>;

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Calls `change` with the holder and the key of everything that lies at `path`, such as `messages.*.content`; `*` is each place of a list. */
export function visit(root: Node, path: string, change: (holder: Node, key: string) => void): void {
  walk(root, path.split('.'), change);
}

function walk(value: unknown, [key = '', ...rest]: readonly string[], change: (holder: Node, key: string) => void): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value) !== (key === '*')) return;
  const holder = value as Node;
  for (const own of key === '*' ? Object.keys(holder) : [key]) {
    if (!Object.hasOwn(holder, own)) continue;
    if (rest.length === 0) change(holder, own);
    else walk(holder[own], rest, change);
  }
}
