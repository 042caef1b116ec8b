/**
 * How single models depart from their vendor's wire format, by their names: what `Vendor.quirks` cannot say, because it holds
 * for some of its models only. Names are read as every host writes them (`claude-sonnet-4-5-20250929`,
 * `anthropic/claude-3.7-sonnet`, `anthropic.claude-opus-4-6-v1:0`).
 */
import type { Quirks } from '../dialects/dialect.ts';

interface Claude {
  /** `opus`, `sonnet`, …; absent where the name has it elsewhere or not at all. */
  readonly family: string | undefined;
  /** 4.6 is 406: 4.10 comes after 4.9. */
  readonly version: number;
}

/** Up to here models take a budget for thinking and a begun answer to go on with; from here on they refuse both. */
const adaptiveSince = 406;
/** From here on, Opus takes `system` messages within the conversation. */
const systemMessagesSince = 408;

export function quirksOfModel(model: string): Quirks | undefined {
  const claude = readClaude(model);
  if (!claude) return undefined;
  if (claude.version < adaptiveSince) return { thinkingBudget: true, prefill: true };
  return claude.family === 'opus' && claude.version >= systemMessagesSince ? { systemMessages: true } : undefined;
}

/** Whether the model goes on with an assistant's message that ends the request; `undefined` where nobody said. */
export function takesPrefill(model: string): boolean | undefined {
  const claude = readClaude(model);
  return claude && claude.version < adaptiveSince;
}

function readClaude(model: string): Claude | undefined {
  // A date of eight digits may follow where a minor version would.
  const match = /claude-(?:(opus|sonnet|haiku|[a-z]+)-)?(\d{1,2})(?:[.-](\d{1,2}))?(?!\d)/i.exec(model);
  if (!match) return undefined;
  return { family: match[1]?.toLowerCase(), version: Number(match[2]) * 100 + Number(match[3] ?? 0) };
}
