/**
 * The schema of a tool for providers that take no choice (`anyOf`, `oneOf`, `allOf`) at its top: Claude, at Anthropic and at Bedrock.
 * A choice of one is what it holds. Any other cannot be said there without changing what it means, and is refused by name.
 */
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { unsupported } from './fields.ts';

const choices = ['anyOf', 'oneOf', 'allOf'] as const;

/** @throws OpenClawError `unsupported_feature` */
export function withoutTopLevelChoice(schema: JsonObject, place: { readonly path: string; readonly target: string }): JsonObject {
  const choice = choices.find((name) => schema[name] !== undefined);
  if (choice === undefined) return schema;
  const { [choice]: branches, ...others } = schema;
  const [only] = Array.isArray(branches) && branches.length === 1 ? branches : [];
  const overlaps = isJsonObject(only) && Object.keys(only).some((key) => others[key] !== undefined && key !== 'type');
  if (!isJsonObject(only) || overlaps)
    throw unsupported(`${place.path}.${choice}`, `${choice} at the top of a tool's schema`, place.target);
  return withoutTopLevelChoice({ ...others, ...only }, place);
}
