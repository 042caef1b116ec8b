/** Secrets of the other program, as ours are written. A value is never shown, only where it lies. */
import type { Path } from '../path.ts';

/** A value at its place in ours. */
export interface Placed {
  readonly to: Path;
  readonly value: unknown;
  /** What is different. Absent where only the place is, or nothing. */
  readonly remark?: string;
}

/** What a rule has to know besides its value. */
export interface Source {
  /** What else stands in the file at a path, as it was written: places of secrets are named there. */
  at(path: Path): unknown;
  /** Whether there is such a provider, in the file or without being written. */
  hasProvider(name: string): boolean;
  /** Whether it needs no address, because OpenClaw knows it. */
  isVendor(name: string): boolean;
}

interface Reference {
  readonly source?: unknown;
  readonly provider?: unknown;
  readonly id?: unknown;
}

/** A text stays; what leads to a variable or to a file becomes `$secret`; anything else is for the operator. */
export function keepSecret(value: unknown, to: Path, source: Source): readonly Placed[] | string {
  if (typeof value === 'string') return keepText(value, to);
  if (typeof value !== 'object' || value === null) return 'it is neither a text nor a reference to a secret';
  const { source: kind, provider, id } = value as Reference;
  if (kind === 'env') return [{ to, value: { $secret: { env: id } }, remark: `the variable ${String(id)}` }];
  if (kind === 'file') return keepFile(source.at(['secrets', 'providers', String(provider)]), to);
  if (kind === 'exec') return 'secrets that a program prints are not there yet: let it write a file, and name that as $secret: { file }';
  return 'the store of the other program is not read: set it as a variable or write it into a file';
}

/** The other program takes a key in capitals for the name of a variable. */
function keepText(value: string, to: Path): readonly Placed[] {
  if (!/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(value)) return [{ to, value }];
  return [{ to, value: `\${${value}}`, remark: 'written as the variable that it names' }];
}

function keepFile(provider: unknown, to: Path): readonly Placed[] | string {
  const { path, mode } = (provider ?? {}) as { readonly path?: unknown; readonly mode?: unknown };
  if (typeof path !== 'string') return 'the file that it lies in is not named under secrets.providers';
  if (mode !== 'singleValue') return `it is one of several in ${path}: write it into a file of its own, and name that as $secret: { file }`;
  return [{ to, value: { $secret: { file: path } }, remark: `the file ${path}` }];
}
