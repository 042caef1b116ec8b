/**
 * Manifests from files, folders and the standard input: YAML or JSON, several documents in one. Each knows where each of its fields stands, so that a
 * mistake that the server names by its path is told with file and line.
 *
 * What the fields mean is the server's business. Loaded with the reader of YAML, by the commands that take files.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isCollection, isMap, isNode, isSeq, LineCounter, parseAllDocuments, type Document, type Node } from 'yaml';
import { OpenClawError, reasonOf } from '../../core/errors.ts';

export interface Manifest {
  readonly object: ManifestObject;
  /** `workload.yaml:12` of the field at a path such as `spec.containers[0].image`, or of what stands nearest above it. */
  whereIs(path: string): string;
}

export interface ManifestObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** What is larger is no manifest. */
const fileLimitBytes = 16 * 2 ** 20;
const manifestFiles = /\.(ya?ml|json)$/i;

/** @throws OpenClawError `manifest_invalid` for the first thing that is no manifest, others beside it */
export async function readManifests(sources: readonly string[], stdin: AsyncIterable<Uint8Array>): Promise<readonly Manifest[]> {
  const manifests: Manifest[] = [];
  const faults: OpenClawError[] = [];
  for (const source of sources) {
    for (const file of source === '-' ? ['-'] : filesOf(source)) {
      const text = file === '-' ? await readStandardInput(stdin) : readFile(file);
      readText(text, { file: file === '-' ? 'standard input' : file, manifests, faults });
    }
  }
  throwAll(faults);
  if (manifests.length === 0) throw manifestError(sources.join(', '), 'there is no manifest in it');
  return manifests;
}

/** All that were found, told as one failure; what to do is said once, behind the last. */
export function throwAll(faults: readonly OpenClawError[]): void {
  const hint = faults.at(-1)?.hint ?? '';
  const told = faults.map(
    ({ code, message }, index) => new OpenClawError(code, { words: { message, hint: index === faults.length - 1 ? hint : '' } }),
  );
  const [first, ...others] = told;
  if (first) throw new OpenClawError(first.code, { words: { message: first.message, hint: first.hint }, others });
}

export function manifestError(where: string, reason: string, suggestion = 'Nothing was changed.'): OpenClawError {
  return new OpenClawError('manifest_invalid', { details: { where, reason: reason.replace(/(?<![.?!])$/, '.'), suggestion } });
}

function filesOf(source: string): readonly string[] {
  let isFolder: boolean;
  try {
    isFolder = statSync(source).isDirectory();
  } catch (thrown) {
    throw manifestError(source, `it cannot be read: ${reasonOf(thrown)}`);
  }
  if (!isFolder) return [source];
  const names = readdirSync(source).filter((name) => manifestFiles.test(name));
  if (names.length === 0) throw manifestError(source, 'the folder holds no .yaml, .yml or .json');
  return names.toSorted().map((name) => join(source, name));
}

function readFile(file: string): string {
  try {
    if (statSync(file).size > fileLimitBytes) throw new Error(`it is larger than ${fileLimitBytes} bytes`);
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    throw manifestError(file, `it cannot be read: ${reasonOf(thrown)}`);
  }
}

async function readStandardInput(stdin: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of stdin) {
    size += piece.length;
    if (size > fileLimitBytes) throw manifestError('standard input', `it is larger than ${fileLimitBytes} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

interface Collected {
  readonly file: string;
  readonly manifests: Manifest[];
  readonly faults: OpenClawError[];
}

function readText(text: string, { file, manifests, faults }: Collected): void {
  const lines = new LineCounter();
  // Aliases could make a small file large; the reader's own bound for them holds.
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  if (!Array.isArray(documents)) return;
  for (const document of documents) {
    const [error] = document.errors;
    if (error) faults.push(manifestError(`${file}:${lines.linePos(error.pos[0]).line}`, `it is not YAML: ${reasonOf(error)}`));
    else if (document.contents !== null) readDocument(document, { file, lines, manifests, faults });
  }
}

function readDocument(document: Document.Parsed, { lines, ...collected }: Collected & { readonly lines: LineCounter }): void {
  const { file, manifests, faults } = collected;
  const lineOf = (node: unknown): number => (isNode(node) && node.range ? lines.linePos(node.range[0]).line : 1);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (thrown) {
    faults.push(manifestError(`${file}:${lineOf(document.contents)}`, reasonOf(thrown)));
    return;
  }
  const isList = typeof value === 'object' && value !== null && 'kind' in value && String(value.kind).endsWith('List') && 'items' in value;
  const items = isList ? document.get('items') : undefined;
  const nodes: readonly unknown[] = isSeq(items) ? items.items : [document.contents];
  const values: readonly unknown[] = isSeq(items) ? (value as { items: unknown[] }).items : [value];
  for (const [index, object] of values.entries()) {
    const node = nodes[index];
    const fault = faultIn(object);
    if (fault === undefined)
      manifests.push({ object: object as ManifestObject, whereIs: (path) => `${file}:${lineAt(node, path, lineOf)}` });
    else faults.push(manifestError(`${file}:${lineOf(node)}`, fault));
  }
}

function faultIn(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'this is no object with apiVersion, kind and metadata';
  const { apiVersion, kind, metadata } = value as Readonly<Record<string, unknown>>;
  if (typeof apiVersion !== 'string' || apiVersion === '') return 'apiVersion is missing: openclaw.io/v1';
  if (typeof kind !== 'string' || kind === '') return 'kind is missing, such as Workload';
  const { name, namespace } = (typeof metadata === 'object' && metadata !== null ? metadata : {}) as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || name === '') return 'metadata.name is missing';
  if (namespace !== undefined && typeof namespace !== 'string') return 'metadata.namespace is no text';
  return undefined;
}

/** The line of the deepest part of the path that is there: of the field's name, where it has one. */
function lineAt(root: unknown, path: string, lineOf: (node: unknown) => number): number {
  let node: unknown = root;
  let line = lineOf(root);
  for (const step of stepsOf(path)) {
    if (!isCollection(node)) break;
    const found = childOf(node, step);
    if (!found) break;
    line = lineOf(found.key ?? found.value);
    node = found.value;
  }
  return line;
}

function childOf(node: Node, step: string): { readonly key?: unknown; readonly value: unknown } | undefined {
  if (isSeq(node)) {
    const value = node.items[Number(step)];
    return value === undefined ? undefined : { value };
  }
  if (!isMap(node)) return undefined;
  return node.items.find(({ key }) => String(isNode(key) && 'value' in key ? key.value : key) === step);
}

/** `spec.containers[0].env` in its steps; a name in brackets may hold dots. */
function stepsOf(path: string): readonly string[] {
  return [...path.matchAll(/\[(?:"([^"]*)"|'([^']*)'|([^\]]*))\]|([^.[\]]+)/g)].map(
    ([, one, two, index, name]) => one ?? two ?? index ?? name ?? '',
  );
}
