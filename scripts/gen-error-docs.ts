/** The text of `docs/errors.md`: one row for each error of the catalogue, grouped by where people meet it. `npm run gen` writes it. */
import { errorCatalogue, type ErrorEntry } from '../packages/protocol/src/index.ts';

export function renderErrorDocs(): string {
  const entries = Object.entries<ErrorEntry>(errorCatalogue);
  const overHttp = entries.filter(([, { status }]) => status !== 0);
  const elsewhere = entries.filter(([, { status }]) => status === 0);
  return `# Errors

<!-- Written by npm run gen from packages/protocol/src/errors. Change the catalogue, then run it. -->

Every failure that OpenClaw tells anybody about is in this list. Words in braces are filled in with what happened.

## Over HTTP

The body is an error of the endpoint's dialect. In it, \`error.openclaw\` has the code, the hint and whether to try again; on OpenAI's endpoints
\`error.code\` is the code too, or OpenAI's own word where it has one. Where a provider answered with a status of its own, that one is passed on
in place of the one below. *Try again* says whether the same request may succeed later as it is.

${table(overHttp)}
## On the command line, while starting, and in a program that uses \`@openclaw/client\`

These come in no answer over HTTP. A failure to start that another start would only repeat ends with exit code 78, wrong words on the command line with 2,
a command that is not part of this release with 69, everything else with 1.

${elsewhere.map(section).join('')}`;
}

function table(entries: readonly (readonly [string, ErrorEntry])[]): string {
  const rows = entries.map(
    ([code, { status, retryable, message, hint }]) =>
      `| \`${code}\` | ${status} | ${retryable ? 'yes' : 'no'} | ${cell(message)} | ${cell(hint)} |\n`,
  );
  return `| Code | Status | Try again | Message | What to do |\n|---|---|---|---|---|\n${rows.join('')}`;
}

function section([code, { message, hint }]: readonly [string, ErrorEntry]): string {
  return `- \`${code}\`: ${message}${hint === '' || hint === '{suggestion}' ? '' : ` ${hint}`}\n`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
