/** How objects are printed: JSON, YAML, names, by a template, as the server's tables. */
import { displayName, type ApiTable, type ResourceKind } from '@openclaw/client/workloads';
import type { ApiObject } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import { nearestName } from '../../core/nearest-name.ts';
import { formatTable, widthOf } from '../table.ts';
import type { Output } from '../terminal.ts';
import { painted } from './colours.ts';

export const outputFormats = ['table', 'wide', 'json', 'yaml', 'name', 'jsonpath', 'custom-columns'] as const;
export type OutputFormat = (typeof outputFormats)[number];

export interface OutputWish {
  readonly format: OutputFormat;
  /** What stands behind `jsonpath=`. */
  readonly template: string;
}

/** `-o jsonpath=…`, `-o wide`. @throws OpenClawError `usage_error` with the nearest format */
export function readOutputWish(text: string): OutputWish {
  const at = text.indexOf('=');
  const name = at < 0 ? text : text.slice(0, at);
  const template = at < 0 ? '' : text.slice(at + 1);
  const format = outputFormats.find((one) => one === name);
  const takesTemplate = format === 'jsonpath' || format === 'custom-columns';
  if (format !== undefined && (takesTemplate ? template !== '' : at < 0)) return { format, template };
  const near = nearestName(name, outputFormats);
  throw new OpenClawError('usage_error', {
    details: {
      reason: format === undefined ? `There is no output format ${name}` : `The output format ${text} is not whole`,
      suggestion: takesTemplate
        ? `Write it like -o ${format === 'jsonpath' ? "jsonpath='{.status.phase}'" : 'custom-columns=NAME:.metadata.name,PHASE:.status.phase'}.`
        : `${near === undefined || near === format ? '' : `Did you mean ${near}? `}There are ${outputFormats.join(', ')}.`,
    },
  });
}

/** What is printed of one object, and of a list: as kubectl, one by itself and several as a `List`. */
export async function printObjects(
  found: readonly { readonly kind: ResourceKind; readonly object: ApiObject }[],
  { format, template }: OutputWish,
  { stdout, isList }: { readonly stdout: Output; readonly isList: boolean },
): Promise<void> {
  const objects = found.map(({ object }) => object);
  const whole: unknown =
    isList || objects.length !== 1 ? { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items: objects } : objects[0];
  if (format === 'json') stdout.write(`${JSON.stringify(whole, null, 2)}\n`);
  else if (format === 'yaml') stdout.write(await formatYaml(whole));
  else if (format === 'name') stdout.write(found.map(({ kind, object }) => `${displayName(kind, object.metadata.name)}\n`).join(''));
  else if (format === 'jsonpath') {
    const { parseJsonPath } = await import('./jsonpath.ts');
    const text = parseJsonPath(template).print(whole);
    // A person reads it at the end of a line; a program gets what it asked for.
    stdout.write(stdout.isTTY === true && !text.endsWith('\n') ? `${text}\n` : text);
  } else stdout.write(await formatColumns(objects, template, stdout));
}

export async function formatYaml(value: unknown): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false, version: '1.1' });
}

/** `NAME:.metadata.name,PHASE:.status.phase`. @throws OpenClawError `usage_error` */
async function formatColumns(objects: readonly ApiObject[], template: string, stdout: Output): Promise<string> {
  const { parseSinglePath, printValue } = await import('./jsonpath.ts');
  const columns = template.split(/,(?=[^,:[\]]+:)/).map((column) => {
    const at = column.indexOf(':');
    if (at < 1) {
      throw new OpenClawError('usage_error', {
        details: {
          reason: `${column} is no column`,
          suggestion: 'Write it like -o custom-columns=NAME:.metadata.name,PHASE:.status.phase.',
        },
      });
    }
    return { heading: column.slice(0, at), select: parseSinglePath(column.slice(at + 1)) };
  });
  const rows = objects.map((object) => columns.map(({ select }) => select(object).map(printValue).join(',') || '<none>'));
  return formatTable(columns, rows, { width: widthOf(stdout) });
}

export interface TableOptions {
  readonly wide: boolean;
  readonly withNamespace: boolean;
  readonly stdout: Output;
  /** @default true */
  readonly withHeadings?: boolean;
  /** Rows that were printed above these, so that the columns stand where they stood. */
  readonly above?: ApiTable['rows'];
  readonly colours: boolean;
}

export function formatApiTable({ columnDefinitions, rows }: ApiTable, options: TableOptions): string {
  const { wide, withNamespace, stdout, withHeadings = true, above = [], colours } = options;
  const shown = [...columnDefinitions.entries()].filter(([, { priority }]) => wide || priority === 0);
  const headings = [...(withNamespace ? ['NAMESPACE'] : []), ...shown.map(([, { name }]) => name.toUpperCase())];
  const cells = [...above, ...rows].map(({ cells: all, object }) => [
    ...(withNamespace ? [object.metadata.namespace ?? ''] : []),
    ...shown.map(([index]) => printCell(all[index])),
  ]);
  // Names are there to be copied.
  const columns = headings.map((heading, index) => ({
    heading,
    ...(index <= (withNamespace ? 1 : 0) ? { cut: 'never' as const } : {}),
    ...painted(heading, colours),
  }));
  const lines = formatTable(columns, cells, { width: widthOf(stdout) }).split(/(?<=\n)/);
  return [...(withHeadings ? lines.slice(0, 1) : []), ...lines.slice(1 + above.length)].join('');
}

function printCell(value: unknown): string {
  if (value === null || value === undefined || value === '') return '<none>';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
