/** What the gateway said against a request of a command, read from the body of its answer. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';

export interface GatewayWords {
  readonly message: string;
  readonly hint: string;
}

/** The gateway puts the hint behind the message, and says it again beside it. `undefined` where these are no words of a gateway. */
export function wordsOf(body: JsonObject | undefined): GatewayWords | undefined {
  const error: JsonValue | undefined = body?.['error'];
  if (!isJsonObject(error) || typeof error['message'] !== 'string') return undefined;
  const { message, openclaw } = error;
  // Anything else may echo what it was sent, credentials among it.
  if (!isJsonObject(openclaw)) return undefined;
  const hint = typeof openclaw['hint'] === 'string' ? openclaw['hint'] : '';
  return { message: hint !== '' && message.endsWith(hint) ? message.slice(0, -hint.length).trimEnd() : message, hint };
}
