/** Events of a pod, in both forms in which servers have them. */
import type { JsonValue } from '../../../core/json.ts';
import { momentOf, objectOf, textOf } from '../answers.ts';
import type { Happening } from '../evidence.ts';
import type { Redact } from '../redaction.ts';

/** Of this pod, and of this container of it where an event says of which it is. Oldest first. */
export function eventsOfPod(
  items: readonly JsonValue[],
  { name, container }: { readonly name: string; readonly container: string },
  redact: Redact,
): readonly Happening[] {
  return items
    .map(objectOf)
    .filter((event) => {
      const about = objectOf(event['involvedObject'] ?? event['regarding']);
      const of = /^spec\.(?:init)?containers\{(?<name>[^}]+)\}/i.exec(textOf(about['fieldPath']))?.groups?.['name'];
      return about['name'] === name && (of === undefined || of === container);
    })
    .map((event): Happening => {
      const series = objectOf(event['series']);
      const count = Number(series['count'] ?? event['count'] ?? event['deprecatedCount'] ?? 1);
      const atMs =
        momentOf(series['lastObservedTime']) ??
        momentOf(event['lastTimestamp'] ?? event['deprecatedLastTimestamp']) ??
        momentOf(event['eventTime']) ??
        momentOf(objectOf(event['metadata'])['creationTimestamp']) ??
        0;
      return {
        atMs,
        action: textOf(event['reason']),
        message: redact(textOf(event['message'] ?? event['note'])).trim(),
        count: count > 0 ? count : 1,
      };
    })
    .toSorted((one, other) => one.atMs - other.atMs);
}
