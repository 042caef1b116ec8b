/** The text of `docs/starter.md`: what `openclaw init` writes, line by line, and what the production preset has otherwise. `npm run gen` writes it. */
import { type FlatEntry, flatten } from '../packages/server/src/cli/openclaw/init-file.ts';
import { describePreset, renderPreset } from '../packages/server/src/cli/openclaw/init-preset.ts';

/** As with one key in the environment: what most people begin with. */
const providers = [{ id: 'openai', keyVariable: 'OPENAI_API_KEY' }];

export function renderStarterDocs(): string {
  return `# The starter pack

<!-- Written by npm run gen from packages/server/src/cli/openclaw/init-preset.ts. Change that, then run it. -->

\`\`\`sh
openclaw init                        # ~/.openclaw/openclaw.json, every layer on, each line explained
openclaw init --preset production    # for a small server: TLS, stricter tools, tighter limits
openclaw init --print                # shows it and writes nothing
openclaw init --force                # writes it over the one that is there, which stays in \`openclaw config history\`
\`\`\`

OpenClaw needs no configuration to start. This one is there to be read and changed: each line says what its layer does and when to change it.

- **Providers** are those whose key is in the environment or in \`.env\`, at most three, each with a model to begin with. Without a key it is a server of your own, and behind it the
  [rehearsal](rehearsal.md), so that the first question is answered without an account.
- **The token** comes from \`OPENCLAW_GATEWAY_TOKEN\`. Where that is not set, a new one is written into \`.env\` beside the file (0600).
- **Nothing is overwritten** without \`--force\`. Then the old configuration is kept as a version (\`openclaw config rollback N\` brings it back). Where secrets stood in it, which versions do not
  hold, or where it was broken, it is also kept as \`openclaw.json.before-init\`.
- It is checked before it is written, as every configuration is, and ends with the three commands that come next.

## Line by line

With \`OPENAI_API_KEY\` in the environment, \`openclaw init\` writes:

\`\`\`json5
${renderPreset('starter', providers)}\`\`\`

## What production has otherwise

*off* stands in the file as a comment.

| setting | starter | production | in production |
|---|---|---|---|
${differences().join('\n')}
`;
}

function differences(): string[] {
  const starter = new Map(flatten(describePreset('starter', providers)).map((entry) => [entry.path, entry]));
  return flatten(describePreset('production', providers)).flatMap((entry) => {
    const before = starter.get(entry.path);
    return before?.value === entry.value ? [] : [row(entry, before)];
  });
}

function row({ path, value, note }: FlatEntry, before: FlatEntry | undefined): string {
  return `| \`${path}\` | ${shown(before?.value)} | ${shown(value)} | ${note.replaceAll('|', '\\|')} |`;
}

function shown(value: string | undefined): string {
  if (value === undefined) return '';
  return value === 'off' ? '*off*' : `\`${value}\``;
}
