/** What writers may say in `metadata`, which is the same for every kind. What the store writes there is not theirs, and is passed over. */
import { randomInt } from 'node:crypto';
import type { ObjectMeta } from '@openclaw/protocol';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { check, type Checked } from './check.ts';
import { field, type TextForm } from './field.ts';
import { explainKey, isLabelValue } from './forms.ts';
import { mistake, type Mistake } from './mistakes.ts';

const { list, map, object, text, integer, flag } = field;

const anyNumber = { minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const;
/** As in Kubernetes: of all annotations together. */
const annotationLimitBytes = 256 * 1024;
const suffixLetters = 'bcdfghjklmnpqrstvwxz2456789';

export const metadataField = object('Its name, its labels, and what the server says of it.', {
  name: text('Its name, unique among those of its kind in the namespace.'),
  generateName: text('Instead of a name: what the server makes one of.'),
  namespace: text('Where it belongs.'),
  labels: map('What it can be selected by.'),
  annotations: map('What tools note here.'),
  finalizers: list('Who must be done with it before it goes.', text('A name.')),
  ownerReferences: list(
    'Whose it is: it goes with the last of them.',
    object(
      'An owner.',
      {
        apiVersion: text('Of the owner.'),
        kind: text('Of the owner.'),
        name: text('Of the owner.'),
        uid: text('Of the owner.'),
        controller: flag('Whether it manages this object.'),
        blockOwnerDeletion: flag('Not looked at.'),
      },
      { required: ['apiVersion', 'kind', 'name', 'uid'] },
    ),
  ),
  uid: text('Given by the server, and never again.'),
  resourceVersion: text('Rises with every change; sent back, it refuses a change of something that has changed.'),
  generation: integer('Rises with every change of spec.', anyNumber),
  creationTimestamp: text('When it was created.'),
  deletionTimestamp: text('When somebody deleted it.'),
  deletionGracePeriodSeconds: integer('Not used.', anyNumber),
  selfLink: text('Not used.'),
  managedFields: list('Not used.', map('An entry.'), { maxItems: 10_000 }),
});

export interface WrittenMetadata extends Pick<ObjectMeta, 'labels' | 'annotations' | 'finalizers' | 'ownerReferences'> {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export function checkMetadata(value: JsonValue): Checked & { readonly metadata: WrittenMetadata } {
  // Whoever writes an object that was read sends these along; they need no right form.
  const { managedFields: _, ...relevant } = (typeof value === 'object' && value !== null ? value : {}) as JsonObject;
  const checked = check(metadataField, Array.isArray(value) ? value : relevant, 'metadata');
  const metadata = checked.value as WrittenMetadata;
  const rules = checked.mistakes.length > 0 ? [] : [...checkTemplate(metadata, 'metadata'), ...checkFinalizers(metadata)];
  return { ...checked, metadata, mistakes: [...checked.mistakes, ...rules] };
}

export function checkName(form: TextForm, name: string): readonly Mistake[] {
  const fits = name.length <= form.maxLength && form.pattern.test(name);
  return fits ? [] : [mistake.invalid('metadata.name', name, form.expects)];
}

/** Labels and annotations, wherever they stand. */
export function checkTemplate(metadata: Pick<WrittenMetadata, 'labels' | 'annotations'> | undefined, path: string): readonly Mistake[] {
  const { labels = {}, annotations = {} } = metadata ?? {};
  const found: Mistake[] = [];
  for (const [name, keys] of [
    ['labels', Object.keys(labels)],
    ['annotations', Object.keys(annotations)],
  ] as const) {
    for (const key of keys) {
      const problem = explainKey(key);
      if (problem !== undefined) found.push(mistake.invalid(`${path}.${name}`, key, problem));
    }
  }
  for (const [key, value] of Object.entries(labels)) {
    if (isLabelValue(value)) continue;
    found.push(mistake.invalid(`${path}.labels[${key}]`, value, "empty, or at most 63 letters, digits, '-', '_' and '.'"));
  }
  const size = Object.entries(annotations).reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  if (size > annotationLimitBytes)
    found.push(mistake.contradiction(`${path}.annotations`, size, `there may be ${annotationLimitBytes} bytes of them`));
  return found;
}

export function generateName(prefix: string): string {
  const suffix = Array.from({ length: 5 }, () => suffixLetters[randomInt(suffixLetters.length)]).join('');
  return `${prefix}${suffix}`;
}

function checkFinalizers({ finalizers = [] }: WrittenMetadata): readonly Mistake[] {
  return finalizers.flatMap((name, index) => {
    const problem = explainKey(name);
    return problem === undefined ? [] : [mistake.invalid(`metadata.finalizers[${index}]`, name, problem)];
  });
}
