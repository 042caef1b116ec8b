/**
 * Writes `docs/config.md` from the schema. A test fails when the two differ.
 *
 *     node scripts/gen-config-docs.ts
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { formatUnit, type JsonSchema } from '../packages/protocol/src/index.ts';
import { overrides } from '../packages/server/src/config/overrides.ts';
import { settingsSchema } from '../packages/server/src/config/schema.ts';

export const configDocsFile = join(import.meta.dirname, '..', 'docs', 'config.md');

export function renderConfigDocs(): string {
  return `${introduction}
## Variables and flags

A flag wins over a variable, a variable over the file, the file over the default. Each variable \`NAME\` is also read from the file
that \`NAME_FILE\` names, and from \`/run/secrets/NAME\`. An empty variable counts as absent.

| Setting | Flag | Variable |
|---|---|---|
| state directory, \`~/.openclaw\` | \`--state-dir\` | \`OPENCLAW_STATE_DIR\` |
| configuration file, \`openclaw.json\` in the state directory | \`--config\` | \`OPENCLAW_CONFIG_PATH\` |
| [rescue mode](configuration-running.md#rescue-mode), until the file changes | \`--rescue\` | \`OPENCLAW_RESCUE=1\` |
${overrides.map(({ path, flagName, variables }) => row(code(path.join('.')), flagName === undefined ? '' : code(flagName), variables.map(code).join(', else '))).join('\n')}

## Settings

\`NAME\` stands for a name that you choose, \`[n]\` for each item of a list.

| Setting | Value | Default | Meaning |
|---|---|---|---|
${list(settingsSchema, '')
  .map((cells) => row(...cells))
  .join('\n')}

## What comes with a later release

These names are refused with words that say so, and not accepted in silence:

${later(settingsSchema, '')
  .map((name) => `- ${code(name)}\n`)
  .join('')}`;
}

const introduction = `# Configuration

<!-- Written by scripts/gen-config-docs.ts from the schema. Change the schema, then run it. -->

Everything has a default: OpenClaw starts without a file. \`openclaw init\` writes one to begin with, [each line explained](starter.md).
\`openclaw config file\` says where the file would be,
\`openclaw config validate\` checks it, \`openclaw config get\` shows what holds and where it comes from, and
\`openclaw config set gateway.port 8080\` changes one setting and leaves your comments alone.

\`\`\`json5
// openclaw.json is JSON5: comments, trailing commas, names without quotes
{
  gateway: {
    port: 18789,
    bind: 'loopback',
    auth: { token: '\${OPENCLAW_GATEWAY_TOKEN}' },
    limits: { bodyBytes: '32MiB' },
  },
  models: {
    providers: {
      openai: { apiKey: '\${OPENAI_API_KEY}' },
      local: {
        baseUrl: 'http://127.0.0.1:8000/v1',
        api: 'openai-completions',
        apiKey: { $secret: { file: '/run/secrets/local' } },
        models: [{ id: 'small', contextWindow: 32768, maxTokens: 4096 }],
        timeouts: { firstByteMs: '90s' },
      },
    },
    routes: {
      fast: { targets: ['openai/gpt-5-mini', 'local/small'] },
      best: { strategy: 'weighted', targets: [{ model: 'openai/gpt-5', weight: 3 }, 'local/small'] },
    },
  },
}
\`\`\`

- **Sizes and times** are numbers in the unit of the name, or texts: \`'32MiB'\`, \`'500kB'\`, \`'20s'\`, \`'5m'\`, \`'1.5h'\`, \`'7d'\`.
- **Variables**: \`\${NAME}\` in any text is filled in from the environment, or from \`.env\` beside the file or in the state directory; the
  environment wins. A variable that is not set is an error. \`$\${\` stands for \`\${\` itself.
- **Secrets** may be written in place, as \`\${NAME}\`, or as a [reference to where they lie](secrets.md): \`{ $secret: { file: 'PATH' } }\`, \`env\`,
  \`exec\`, \`vault\`, \`aws\`, \`azure\`, \`google\`. They are never printed unless you ask with \`--show-secrets\`.
- **Includes**: \`{ $include: 'providers.json5' }\` puts an object together from another file, a list of names from several. Later ones win,
  and what stands beside \`$include\` wins over all. Names are relative to the including file and stay within the folder of the
  configuration; an absolute path may lead anywhere.
- **While it runs** edits are taken up, bad ones are refused, and every version is kept: [the configuration while the gateway runs](configuration-running.md).
- **Mistakes**: a name that does not exist, one that stands twice, a value that does not fit: every one is reported at once, with file, line and column,
  and nothing starts on half of a configuration.
`;

function list(schema: JsonSchema, path: string, isRequired = false): string[][] {
  const rows = schema.properties
    ? shorthandOf(schema, path)
    : [[code(path), kind(schema), isRequired ? 'required' : preset(schema), schema.description ?? '']];
  const below = Object.entries(schema.properties ?? {}).map(
    ([name, property]) => [path === '' ? name : `${path}.${name}`, property] as const,
  );
  if (schema.additionalProperties) below.push([`${path}.NAME`, schema.additionalProperties]);
  if (schema.items) below.push([`${path}[n]`, schema.items]);
  // Items and entries that are single values are described by the list or record that holds them.
  const isPlain = (path: string, part: JsonSchema): boolean => !part.properties && /(\.NAME|\[n\])$/.test(path);
  const isRequiredHere = (name: string): boolean => schema.required?.includes(name.slice(name.lastIndexOf('.') + 1)) === true;
  return [
    ...rows,
    ...below.filter(([name, part]) => !isPlain(name, part)).flatMap(([name, part]) => list(part, name, isRequiredHere(name))),
  ];
}

/** An object that a plain value may stand for has a line of its own, which says so. */
function shorthandOf(schema: JsonSchema, path: string): string[][] {
  const name = schema['x-shorthand'];
  return name === undefined ? [] : [[code(path), `text, or names`, '', `${schema.description ?? ''} A text alone is its ${code(name)}.`]];
}

function later(schema: JsonSchema, path: string): string[] {
  const own = (schema['x-later'] ?? []).map((name) => (schema.enum ? `${path}: '${name}'` : path === '' ? name : `${path}.${name}`));
  const below = Object.entries(schema.properties ?? {}).flatMap(([name, part]) => later(part, path === '' ? name : `${path}.${name}`));
  const entries = schema.additionalProperties ? later(schema.additionalProperties, `${path}.NAME`) : [];
  return [...own, ...below, ...entries, ...(schema.items ? later(schema.items, `${path}[n]`) : [])];
}

function kind(schema: JsonSchema): string {
  if (schema['x-unit'] === 'bytes') return 'size';
  if (schema['x-unit'] === 'ms') return 'time';
  if (schema.writeOnly) return 'secret';
  if (schema.enum) return schema.enum.map(code).join(', ');
  if (schema.type === 'array') return `list${schema.items?.writeOnly ? ' of secrets' : schema.items?.type === 'string' ? ' of texts' : ''}`;
  if (schema.type === 'object')
    return schema.additionalProperties && schema.additionalProperties.writeOnly ? 'names and secrets' : 'names and what they stand for';
  const text = { string: 'text', integer: 'whole number', number: 'number', boolean: 'true or false' };
  const { minimum, maximum } = schema;
  const range = maximum === undefined ? (minimum ? ` ≥ ${minimum}` : '') : ` ${minimum ?? 0}–${maximum}`;
  return `${schema.type && schema.type in text ? text[schema.type] : ''}${range}`;
}

function preset(schema: JsonSchema): string {
  const { default: value } = schema;
  if (value === undefined) return '';
  if (schema['x-unit'] && typeof value === 'number') return code(value === 0 ? '0' : formatUnit(value, schema['x-unit']));
  return code(typeof value === 'string' ? value : JSON.stringify(value));
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function code(text: string): string {
  return `\`${text}\``;
}

if (import.meta.main) writeFileSync(configDocsFile, renderConfigDocs());
