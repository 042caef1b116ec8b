/** The schema of the configuration as a form needs it: what kind of field each setting has. The schema stays data; nothing of it is compiled. */
import type { JsonSchema, Unit } from '@openclaw/protocol';

export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}
export type Path = readonly (string | number)[];

interface SettingBase {
  readonly description: string;
  readonly default: Json | undefined;
  readonly isRequired: boolean;
}

export type Setting = SettingBase &
  (
    | { readonly kind: 'choice'; readonly options: readonly string[] }
    | { readonly kind: 'flag' }
    | { readonly kind: 'number'; readonly minimum: number | undefined; readonly maximum: number | undefined }
    | { readonly kind: 'unit'; readonly unit: Unit }
    | { readonly kind: 'text'; readonly expects: string | undefined }
    | { readonly kind: 'secret' }
    | { readonly kind: 'texts' }
    | { readonly kind: 'group'; readonly members: Readonly<Record<string, Setting>>; readonly shorthand: string | undefined }
    | { readonly kind: 'list'; readonly item: Setting }
    | { readonly kind: 'record'; readonly value: Setting }
  );

export type Group = Extract<Setting, { kind: 'group' }>;

export function readSetting(schema: JsonSchema, isRequired = false): Setting {
  const base = { description: schema.description ?? '', default: schema.default as Json | undefined, isRequired };
  if (schema.writeOnly) return { ...base, kind: 'secret' };
  if (schema['x-unit']) return { ...base, kind: 'unit', unit: schema['x-unit'] };
  if (schema.anyOf) return readShorthand(schema, base);
  switch (schema.type) {
    case 'boolean':
      return { ...base, kind: 'flag' };
    case 'integer':
    case 'number':
      return { ...base, kind: 'number', minimum: schema.minimum, maximum: schema.maximum };
    case 'array': {
      const item = readSetting(schema.items ?? {});
      return item.kind === 'text' || item.kind === 'choice' ? { ...base, kind: 'texts' } : { ...base, kind: 'list', item };
    }
    case 'object':
      if (schema.additionalProperties) return { ...base, kind: 'record', value: readSetting(schema.additionalProperties) };
      return { ...base, kind: 'group', members: readMembers(schema), shorthand: undefined };
    default:
      return schema.enum ? { ...base, kind: 'choice', options: schema.enum } : { ...base, kind: 'text', expects: schema['x-expects'] };
  }
}

function readMembers({ properties = {}, required = [] }: JsonSchema): Readonly<Record<string, Setting>> {
  // Files that an object is put together from, and where editors find the schema, are for whoever writes the text.
  const shown = Object.entries(properties).filter(([name]) => !name.startsWith('$'));
  return Object.fromEntries(shown.map(([name, schema]) => [name, readSetting(schema, required.includes(name))]));
}

/** An object in place of which one of its members may stand alone. */
function readShorthand({ anyOf = [] }: JsonSchema, base: SettingBase): Setting {
  const [short, whole] = anyOf;
  if (whole?.type !== 'object') return { ...base, kind: 'text', expects: undefined };
  const shorthand = Object.entries(whole.properties ?? {}).find(([, schema]) => schema.description === short?.description)?.[0];
  return { ...base, kind: 'group', members: readMembers(whole), shorthand };
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
export const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** `models.providers.openai.models[0].id`, as the gateway writes it. */
export function formatPath(path: Path): string {
  let text = '';
  for (const segment of path) {
    if (typeof segment === 'number') text += `[${segment}]`;
    else if (!/^[^.[\]"\s]+$/.test(segment)) text += `[${JSON.stringify(segment)}]`;
    else text += text === '' ? segment : `.${segment}`;
  }
  return text;
}

/** Whether a setting itself, by its name or what it means, is what somebody looks for. */
export function isMeant(setting: Setting, name: string, words: string): boolean {
  return `${name} ${setting.description}`.toLowerCase().includes(words);
}

/** The same of it or of anything in it. */
export function answers(setting: Setting, name: string, words: string): boolean {
  if (isMeant(setting, name, words)) return true;
  if (setting.kind === 'group')
    return Object.entries(setting.members).some(([inner, member]) => answers(member, `${name}.${inner}`, words));
  if (setting.kind === 'list') return answers(setting.item, name, words);
  return setting.kind === 'record' && answers(setting.value, name, words);
}
