/** Label and field selectors: `app=x,tier in (a,b),!old` and `status.phase=Running`. */
import type { ApiObject } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';

export type Matches = (object: ApiObject) => boolean;

type Values = Readonly<Record<string, string>>;
type LabelRule = (labels: Values) => boolean;

const setRule = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/;
const equalityRule = /^([^=!\s]+)\s*(==|=|!=)\s*([^=!\s]*)$/;
const presenceRule = /^(!?)\s*([^=!\s()]+)$/;

/** @returns undefined where everything fits @throws OpenClawError `invalid_request` */
export function readSelectors(
  query: URLSearchParams,
  selectable: Readonly<Record<string, (object: ApiObject) => string>>,
): Matches | undefined {
  const labels = split(query.get('labelSelector') ?? '').map(readLabelRule);
  const fields = split(query.get('fieldSelector') ?? '').map((text) => readFieldRule(text, selectable));
  if (labels.length === 0 && fields.length === 0) return undefined;
  return (object) => labels.every((rule) => rule(object.metadata.labels ?? {})) && fields.every((rule) => rule(object));
}

/** At commas that are in no brackets. */
function split(text: string): readonly string[] {
  return text
    .split(/,(?![^()]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function readLabelRule(text: string): LabelRule {
  const set = setRule.exec(text);
  if (set) {
    const [, key = '', operator, list = ''] = set;
    const values = new Set(list.split(',').map((value) => value.trim()));
    if (operator === 'in') return (labels) => Object.hasOwn(labels, key) && values.has(labels[key]!);
    return (labels) => !Object.hasOwn(labels, key) || !values.has(labels[key]!);
  }
  const equality = equalityRule.exec(text);
  if (equality) {
    const [, key = '', operator, value = ''] = equality;
    if (operator === '!=') return (labels) => !Object.hasOwn(labels, key) || labels[key] !== value;
    return (labels) => Object.hasOwn(labels, key) && labels[key] === value;
  }
  const presence = presenceRule.exec(text);
  if (!presence) throw wrong('labelSelector', `${quote(text)} is no rule; write app=x, app!=x, app in (x,y), app notin (x), app or !app`);
  const [, not, key = ''] = presence;
  return (labels) => Object.hasOwn(labels, key) !== (not === '!');
}

function readFieldRule(text: string, selectable: Readonly<Record<string, (object: ApiObject) => string>>): Matches {
  const match = equalityRule.exec(text);
  if (!match) throw wrong('fieldSelector', `${quote(text)} is no rule; write metadata.name=x`);
  const [, key = '', operator, value = ''] = match;
  const read = { 'metadata.name': nameOf, 'metadata.namespace': namespaceOf, ...selectable }[key];
  if (!read) {
    const known = ['metadata.name', 'metadata.namespace', ...Object.keys(selectable)];
    throw wrong('fieldSelector', `field label not supported: ${key.slice(0, 100)}; known are ${known.join(', ')}`);
  }
  return (object) => (read(object) === value) === (operator !== '!=');
}

function nameOf({ metadata }: ApiObject): string {
  return metadata.name;
}

function namespaceOf({ metadata }: ApiObject): string {
  return metadata.namespace ?? '';
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}

function wrong(path: string, reason: string): OpenClawError {
  return new OpenClawError('invalid_request', { details: { path, reason }, param: path });
}
