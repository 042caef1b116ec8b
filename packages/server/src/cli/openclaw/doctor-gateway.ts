/** `openclaw doctor`: what is wrong with the gateway and what is around it, and `--fix` for what is safe to mend. It prints; what it finds: `operations/doctor`. */
import type { Command } from 'commander';
import type { DoctorReport, Fixed, Severity } from '../../operations/doctor/index.ts';
import type { Terminal } from '../terminal.ts';
import { addOutputOptions, checkLines, isJson, toText, type OutputFlags } from './doctor-printing.ts';

export interface GatewayDoctorContext {
  readonly io: Pick<Terminal, 'stdout'>;
  readonly diagnose: () => Promise<DoctorReport>;
  /** Makes the changes that are safe, or only says which. */
  readonly fix: (options: { readonly isDryRun: boolean }) => Promise<readonly Fixed[]>;
  readonly setExitCode: (code: number) => void;
}

interface DoctorFlags extends OutputFlags {
  readonly fix?: true;
  readonly dryRun?: true;
}

const help = `
It changes nothing without --fix. The exit code is 1 if something is broken.

Examples:
  openclaw doctor
  openclaw doctor --json
  openclaw doctor --fix --dry-run
  openclaw doctor security
  openclaw doctor traffic
  openclaw doctor container NAME
`;

/** @returns the command, for those below it */
export function registerGatewayDoctor(program: Command, context: GatewayDoctorContext): Command {
  const command = program.command('doctor').description('find out what is wrong, from the process up to the providers');
  return addOutputOptions(command)
    .option('--fix', 'mend what is safe to mend, showing each change, and look again')
    .option('--dry-run', 'with --fix: show what it would change, and change nothing')
    .addHelpText('after', help)
    .action((flags: DoctorFlags) => doctor(flags, context));
}

async function doctor(flags: DoctorFlags, { io, diagnose, fix, setExitCode }: GatewayDoctorContext): Promise<void> {
  // Whoever says how to mend means to have it mended, or shown.
  const isFixing = flags.fix === true || flags.dryRun === true;
  const fixed = isFixing ? await fix({ isDryRun: flags.dryRun === true }) : undefined;
  const report = await diagnose();
  if (isJson(flags)) io.stdout.write(`${JSON.stringify(fixed ? { ...report, fixed } : report, null, 2)}\n`);
  else io.stdout.write(toText([...(fixed ? fixLines(fixed) : []), ...reportLines(report)]));
  if (report.status === 'bad' || fixed?.some(({ state }) => state === 'failed')) setExitCode(1);
}

const marks: Readonly<Record<Fixed['state'], string>> = { planned: 'would', done: 'done', failed: 'failed' };

function fixLines(fixed: readonly Fixed[]): readonly string[] {
  if (fixed.length === 0) return ['Nothing to mend.', ''];
  const lines = fixed.map(
    ({ fix, path, before, after, state, reason }) =>
      `${marks[state].padEnd(6)}  ${fix.padEnd(11)}  ${path}: ${before} -> ${after}${reason === undefined ? '' : ` (${reason})`}`,
  );
  return [...lines, ''];
}

function reportLines({ version, facts, checks, status }: DoctorReport): readonly string[] {
  const width = Math.max(...facts.map(({ title }) => title.length));
  return [
    `OpenClaw ${version}`,
    '',
    ...facts.map(({ title, value, severity }) => `  ${title.padEnd(width)}   ${value}${severity === 'ok' ? '' : `   [${severity}]`}`),
    '',
    ...checkLines(checks),
    '',
    verdicts[status],
  ];
}

const verdicts: Readonly<Record<Severity, string>> = {
  ok: 'All is well.',
  warn: 'Nothing is broken; what is marked warn is worth a look.',
  bad: 'What is marked bad is broken. Begin with the first.',
};
