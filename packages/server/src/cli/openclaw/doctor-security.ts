/** `openclaw doctor security`: who could do what, and what closes it. It prints; what it finds: `operations/doctor`. */
import type { Command } from 'commander';
import type { SecurityReport, Severity } from '../../operations/doctor/index.ts';
import type { Terminal } from '../terminal.ts';
import { addOutputOptions, checkLines, isJson, toText, type OutputFlags } from './doctor-printing.ts';

export interface SecurityDoctorContext {
  readonly io: Pick<Terminal, 'stdout'>;
  readonly diagnoseSecurity: () => Promise<SecurityReport>;
  readonly setExitCode: (code: number) => void;
}

/** @param doctor the command that it stands below */
export function registerSecurityDoctor(doctor: Command, context: SecurityDoctorContext): void {
  const command = doctor
    .command('security')
    .description('who could do what: bind, credential, proxies, pages, webhooks, tools, secrets, modes');
  addOutputOptions(command)
    .addHelpText(
      'after',
      '\nIt changes nothing. The exit code is 1 if anything is bad.\n\nExamples:\n  openclaw doctor security\n  openclaw doctor security --json\n',
    )
    // The command above has the same options, and takes them wherever they stand.
    .action((_flags: object, called: Command) => security(called.optsWithGlobals<OutputFlags>(), context));
}

async function security(flags: OutputFlags, { io, diagnoseSecurity, setExitCode }: SecurityDoctorContext): Promise<void> {
  const report = await diagnoseSecurity();
  const text = (): string => toText([...checkLines(report.checks), '', verdicts[report.status]]);
  io.stdout.write(isJson(flags) ? `${JSON.stringify(report, null, 2)}\n` : text());
  if (report.status === 'bad') setExitCode(1);
}

const verdicts: Readonly<Record<Severity, string>> = {
  ok: 'Nothing stands open that was looked at.',
  warn: 'Nothing stands open; what is marked warn is worth a thought.',
  bad: 'What is marked bad stands open. Begin with the first.',
};
