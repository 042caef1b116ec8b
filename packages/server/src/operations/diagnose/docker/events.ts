/** The engine's events of one container, of the engine itself or as somebody has stored them with `docker events --format '{{json .}}'`. */
import { parseObject, type JsonValue } from '../../../core/json.ts';
import { listOf, objectOf, textOf } from '../answers.ts';
import type { Redact } from '../redaction.ts';
import type { Ticked } from './lives.ts';

/** Of a check every few seconds, these alone would be all that the engine remembers. */
const noise = /^exec_|^attach|^resize|^top$|^archive-path|^export$/;
const toldAttributes = ['exitCode', 'signal', 'execDuration'];

export interface ContainerEvents {
  readonly events: readonly Ticked[];
  /** As the events say it, of a container that is gone. */
  readonly id?: string;
  readonly image?: string;
}

export function eventsOf(answer: JsonValue, of: { readonly id?: string; readonly name: string }, redact: Redact): ContainerEvents {
  const mine = listOf(answer)
    .map(objectOf)
    .filter((event) => {
      const actor = objectOf(event['Actor']);
      const id = textOf(actor['ID']);
      return of.id === undefined
        ? objectOf(actor['Attributes'])['name'] === of.name || (of.name.length >= 6 && id.startsWith(of.name))
        : id === of.id;
    });
  const events = mine.flatMap((event): Ticked[] => {
    const action = textOf(event['Action']) || textOf(event['status']);
    const attributes = objectOf(objectOf(event['Actor'])['Attributes']);
    const nanoseconds = event['timeNano'];
    if (action === '' || noise.test(action) || typeof nanoseconds !== 'number') return [];
    const told = toldAttributes.filter((name) => name in attributes).map((name) => `${name}=${textOf(attributes[name])}`);
    return [
      {
        atMs: nanoseconds / 1e6,
        action,
        message: redact([action, ...told].join(' ')),
        count: 1,
        ...('exitCode' in attributes ? { exitCode: Number(textOf(attributes['exitCode'])) } : {}),
        ...('signal' in attributes ? { signal: textOf(attributes['signal']) } : {}),
      },
    ];
  });
  events.sort((one, other) => one.atMs - other.atMs);
  const actor = objectOf(mine.at(-1)?.['Actor']);
  const image = textOf(objectOf(actor['Attributes'])['image']);
  return { events, ...(textOf(actor['ID']) === '' ? {} : { id: textOf(actor['ID']) }), ...(image === '' ? {} : { image }) };
}

/** Of a file with one event a line. What is none is passed over. */
export function storedEvents(text: string): JsonValue {
  return text.split('\n').flatMap((line) => {
    const event = parseObject(line);
    return event === undefined ? [] : [event];
  });
}

/** Each once, in the order of their times: what was stored, and what the engine still knows. */
export function mergeEvents(one: readonly Ticked[], other: readonly Ticked[]): readonly Ticked[] {
  const all = new Map([...one, ...other].map((event) => [`${event.atMs} ${event.message}`, event]));
  return [...all.values()].sort((left, right) => left.atMs - right.atMs);
}
