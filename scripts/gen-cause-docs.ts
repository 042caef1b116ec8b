/** The text of `docs/causes.md`: every cause that `openclaw doctor container` and `openclaw doctor pod` know, from their rules. `npm run gen` writes it. */
import { rules } from '../packages/server/src/operations/diagnose/index.ts';

export function renderCauseDocs(): string {
  const rows = rules.map(
    ({ id, title, why, signs, mends }) => `| ${cell(title)} | ${cell(signs)} | ${cell(mends)} | ${cell(why)} | \`${id}\` |\n`,
  );
  return `# Causes of restarts

<!-- Written by npm run gen from packages/server/src/operations/diagnose/rules. Change a rule, then run it. -->

The ${rules.length} causes that [\`openclaw doctor container\` and \`openclaw doctor pod\`](diagnosis.md) tell apart. Each is a rule in a file of its own, silent where the cause is another one.

| Cause | Told by | What mends it | What happens | Name |
|---|---|---|---|---|
${rows.join('')}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\.$/, '');
}
