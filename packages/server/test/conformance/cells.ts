/** The cells that a case is tested in: the dialect of the client, the dialect of the provider, streaming or not. */
import type { ClientDialectName, DialectName } from '../../src/models/dialects/dialect.ts';

export const clients = ['openai-completions', 'openai-responses', 'anthropic-messages'] as const satisfies readonly ClientDialectName[];

export const providers = [
  ...clients,
  'google-generative-ai',
  'bedrock-converse-stream',
  'ollama',
] as const satisfies readonly DialectName[];

export interface Cell {
  /** The dialect of the client. */
  readonly in: ClientDialectName;
  /** The dialect of the provider. */
  readonly out: DialectName;
  readonly streaming: 'stream' | 'whole';
}

export const cells: readonly Cell[] = clients.flatMap((from) =>
  providers.flatMap((to) => (['stream', 'whole'] as const).map((streaming): Cell => ({ in: from, out: to, streaming }))),
);

export function nameOf(cell: Cell): string {
  return `${cell.in} → ${cell.out}, ${cell.streaming}`;
}

export type Where = (cell: Cell) => boolean;

export const every: Where = () => true;
export const streams: Where = ({ streaming }) => streaming === 'stream';
export const crosses: Where = (cell) => cell.in !== cell.out;

export const from =
  (...names: readonly DialectName[]): Where =>
  (cell) =>
    names.includes(cell.out);

export const to =
  (...names: readonly ClientDialectName[]): Where =>
  (cell) =>
    names.includes(cell.in);

export const both =
  (...conditions: readonly Where[]): Where =>
  (cell) =>
    conditions.every((condition) => condition(cell));

export const except =
  (condition: Where): Where =>
  (cell) =>
    !condition(cell);

/** Providers whose streams are server-sent events. */
export const sendsEvents = from('openai-completions', 'openai-responses', 'anthropic-messages', 'google-generative-ai');
