/** How reports of the doctor look: one line a check, and below it what is not well. It finds nothing. */
import { type Command, Option } from 'commander';
import type { Finding, Severity } from '../../operations/doctor/index.ts';

export interface OutputFlags {
  readonly output: 'text' | 'json';
  readonly json?: true;
}

/** `-o json`, and `--json`, which says the same. */
export function addOutputOptions(command: Command): Command {
  return command
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .option('--json', 'the same as -o json');
}

export function isJson({ output, json }: OutputFlags): boolean {
  return json === true || output === 'json';
}

export interface Checked {
  readonly title: string;
  readonly findings: readonly Finding[];
}

export function checkLines(checks: readonly Checked[]): readonly string[] {
  return checks.flatMap(({ title, findings }, index) => [
    `${String(index + 1).padStart(2)}. ${worst(findings).padEnd(4)}  ${title}`,
    ...findings.flatMap(linesOf),
  ]);
}

/** Words of providers and paths come from outside; none may move the cursor. */
export function toText(lines: readonly string[]): string {
  return lines.map((line) => `${line.replace(/\p{Cc}/gu, '?')}\n`).join('');
}

function worst(findings: readonly Finding[]): Severity {
  const has = (severity: Severity): boolean => findings.some((finding) => finding.severity === severity);
  return has('bad') ? 'bad' : has('warn') ? 'warn' : 'ok';
}

function linesOf({ severity, message, evidence, why, remedy }: Finding): string[] {
  if (severity === 'ok') return [`    ${message}`];
  const seen = Object.entries(evidence).map(([name, value]) => `${name} ${value}`);
  return [
    `    ${severity}: ${message}`,
    ...(seen.length > 0 ? [`      seen    ${seen.join(', ')}`] : []),
    ...(why ? [`      why     ${why}`] : []),
    ...(remedy ? [`      mend    ${remedy}`] : []),
  ];
}
