/** `openclaw doctor`: what is wrong with the gateway and what is around it. It prints; what it finds: `operations/doctor`. */
import { Option, type Command } from 'commander';
import type { DoctorReport, Finding, Severity } from '../../operations/doctor/index.ts';
import type { Terminal } from '../terminal.ts';

export interface GatewayDoctorContext {
  readonly io: Pick<Terminal, 'stdout'>;
  readonly diagnose: () => Promise<DoctorReport>;
  readonly setExitCode: (code: number) => void;
}

/** @returns the command, for those below it */
export function registerGatewayDoctor(program: Command, context: GatewayDoctorContext): Command {
  const command = program.command('doctor').description('find out what is wrong, from the process up to the providers');
  return command
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      '\nIt changes nothing. The exit code is 1 if something is broken.\n\nExamples:\n  openclaw doctor\n  openclaw doctor -o json\n  openclaw doctor traffic\n  openclaw doctor container NAME\n',
    )
    .action((flags: { readonly output: 'text' | 'json' }) => doctor(flags.output, context));
}

async function doctor(output: 'text' | 'json', { io, diagnose, setExitCode }: GatewayDoctorContext): Promise<void> {
  const report = await diagnose();
  io.stdout.write(output === 'json' ? `${JSON.stringify(report, null, 2)}\n` : text(report));
  if (report.status === 'bad') setExitCode(1);
}

function text({ version, facts, checks, status }: DoctorReport): string {
  const width = Math.max(...facts.map(({ title }) => title.length));
  const lines = [
    `OpenClaw ${version}`,
    '',
    ...facts.map(({ title, value, severity }) => `  ${title.padEnd(width)}   ${value}${severity === 'ok' ? '' : `   [${severity}]`}`),
    '',
    ...checks.flatMap(({ title, findings }, index) => [
      `${String(index + 1).padStart(2)}. ${worst(findings).padEnd(4)}  ${title}`,
      ...findings.flatMap(linesOf),
    ]),
    '',
    verdicts[status],
  ];
  return lines.map((line) => `${visible(line)}\n`).join('');
}

const verdicts: Readonly<Record<Severity, string>> = {
  ok: 'All is well.',
  warn: 'Nothing is broken; what is marked warn is worth a look.',
  bad: 'What is marked bad is broken. Begin with the first.',
};

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

/** Words of providers and paths come from outside; none may move the cursor. */
function visible(line: string): string {
  return line.replace(/\p{Cc}/gu, '?');
}
