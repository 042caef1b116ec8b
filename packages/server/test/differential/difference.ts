/** What a known difference is, and the few ways in which one is taken away. */
import type { Conversation } from './conversation.ts';
import type { Outcome } from './outcome.ts';
import type { ClientName, ProviderName } from './sides.ts';
import type { Node } from './visit.ts';

/** One question as the upstream saw it and as its caller knows it. */
export interface Exchange {
  readonly requests: readonly UpstreamRequest[];
  readonly outcome: Outcome;
}

export interface UpstreamRequest {
  readonly path: string;
  readonly body: Node;
}

export interface Pairing {
  readonly provider: ProviderName;
  readonly client: ClientName;
  readonly streaming: boolean;
  readonly conversation: Conversation;
}

export type Side = Pairing & { readonly side: 'direct' | 'through' };

export interface Difference {
  readonly name: string;
  /** `format`: two ways to say the same; `theirs`: Vercel's code says less or says it otherwise; `choice`: ours, with a reason. */
  readonly whose: 'format' | 'theirs' | 'choice';
  readonly reason: string;
  /** Where it can be. @default everywhere */
  readonly applies?: (pairing: Pairing) => boolean;
  /** The exchange without it. May change what it is given. */
  readonly take: (exchange: Exchange, side: Side) => Exchange;
}

export const at =
  (...names: ProviderName[]) =>
  ({ provider }: Pairing): boolean =>
    names.includes(provider);

/** Changes the body of each request. */
export const inBody =
  (change: (body: Node, side: Side) => void): Difference['take'] =>
  (exchange, side) => {
    for (const { body } of exchange.requests) change(body, side);
    return exchange;
  };

/** The gateway refuses by name what Vercel's code leaves out with a warning: then nothing else is left to compare. */
export const refused: Difference['take'] = (exchange, { side }) => {
  const { requests, outcome } = exchange;
  const gatewayRefused = requests.length === 0 && 'failed' in outcome && outcome.failed.status === 400;
  return side === 'direct' || gatewayRefused ? { requests: [], outcome: { failed: { status: 400 }, text: '' } } : exchange;
};

export const texts = (type: string) => (holder: Node, key: string) => {
  if (typeof holder[key] === 'string') holder[key] = [{ type, text: holder[key] }];
};
