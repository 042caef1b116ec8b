/** Cause: the model provider does not work right now, and the program ends instead of waiting. */
import { endedLives, uptimeMs } from '../last-words.ts';
import { toldByItself } from '../told-by-itself.ts';

/** What ends later has not failed at its start. */
const startMs = 120_000;

export const upstreamOutage = toldByItself({
  id: 'upstream-outage',
  title: 'The model provider does not answer well',
  why: 'The first call to a provider gets an error of the provider or none at all, and the program takes that for a reason to end.',
  signs: '500, 502, 503, 504, 529, `overloaded` or a timeout of the first call to a model, then the end',
  mends: 'Wait for the provider, name a second one, and do not let the start depend on it.',
  pattern:
    /\b(?:status(?: code)?:? ?|HTTP(?:\/[\d.]+)? ?|error:? ?|failed:? ?|: ?|\()(?<status>500|502|503|504|520|522|524|529)\b|overloaded_error|\boverloaded\b|Service Unavailable|Bad Gateway|Gateway Time-?out|(?:openai|anthropic|provider|upstream|model)\S*.{0,60}(?:timed? ?out|unavailable)|APITimeoutError|APIConnectionTimeoutError|InternalServerError|ServiceUnavailableError/i,
  most: 87,
  weigh(evidence) {
    const last = endedLives(evidence).at(-1);
    if (last?.exitCode === 0) return undefined;
    const uptime = last === undefined ? undefined : uptimeMs(last);
    const early = uptime === undefined || uptime < startMs;
    const text = last?.lines.map((line) => line.text).join('\n') ?? '';
    const namesProvider = /openai|anthropic|gemini|mistral|ollama|bedrock|azure|model|completion|provider|upstream|llm/i.test(text);
    return { adds: (early ? 0 : -25) + (namesProvider ? 2 : -15) };
  },
  says: ({ match }) =>
    `The provider answers with ${match.groups?.['status'] ?? 'an error'} when the program starts, and the program ends over it.`,
  remedy: () => [
    'Look at the status page of the provider, and ask it by hand with `curl`',
    'Let the program start without it: no warm-up call at the start, retries with growing waits, a second provider behind it',
  ],
  disprovedBy: 'The same call works by hand at the time at which it fails in the container.',
});
