/** `openclaw doctor`, and `openclaw doctor traffic`: the checklist for a gateway in trouble, from what the running gateway measured. */
import { type Command, Option } from 'commander';
import { trafficChecks, type Severity, type TrafficCheck, type TrafficFinding, type TrafficReport } from '@openclaw/protocol';
import { registerGatewayDoctor, type GatewayDoctorContext } from './doctor-gateway.ts';
import type { SightCommandContext } from './sight-client.ts';

export type DoctorContext = SightCommandContext & GatewayDoctorContext;

const titles: Readonly<Record<TrafficCheck, string>> = {
  status: 'status codes by caller',
  process: 'processor and memory of the gateway',
  connections: 'open connections by caller',
  durations: 'durations by target',
  retries: 'retries of callers',
  prompts: 'size of prompts',
};

/** @returns the command, for those below it */
export function registerDoctorCommands(program: Command, context: DoctorContext): Command {
  const doctor = registerGatewayDoctor(program, context);
  doctor
    .command('traffic')
    .description('go through the checklist: status codes, processor and memory, connections, durations, retries, prompts')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      '\nThe exit code is 1 if anything is bad.\n\nExamples:\n  openclaw doctor traffic\n  openclaw doctor traffic -o json\n',
    )
    .action((_flags: object, command: Command) => {
      // The command above has the same option, and takes it wherever it stands.
      const { output } = command.optsWithGlobals<{ readonly output: 'text' | 'json' }>();
      return traffic(output, context);
    });
  return doctor;
}

async function traffic(output: 'text' | 'json', { io, sight, setExitCode }: DoctorContext): Promise<void> {
  const report = await sight.traffic();
  io.stdout.write(output === 'json' ? `${JSON.stringify(report, null, 2)}\n` : text(report));
  if (report.findings.some(({ severity }) => severity === 'bad')) setExitCode(1);
}

function text({ findings, warnings }: TrafficReport): string {
  const checks = trafficChecks.map((check, index) => {
    const own = findings.filter((finding) => finding.check === check);
    return [`${index + 1}. ${worst(own).padEnd(4)}  ${titles[check]}`, ...own.flatMap(linesOf)];
  });
  const raised = warnings.map(({ target, key, since, message }) => `   ${target} (key ${key}), since ${since}: ${message}`);
  const lines = [...checks.flat(), ...(raised.length > 0 ? ['', 'Early warnings that are up:', ...raised] : [])];
  return lines.map((line) => `${visible(line)}\n`).join('');
}

function worst(findings: readonly TrafficFinding[]): Severity {
  const has = (severity: Severity): boolean => findings.some((finding) => finding.severity === severity);
  return has('bad') ? 'bad' : has('warn') ? 'warn' : 'ok';
}

function linesOf({ severity, subject, message, evidence, remedy }: TrafficFinding): string[] {
  const numbers = Object.entries(evidence).map(([name, value]) => `${name} ${value}`);
  if (severity === 'ok') return [`   ${message} (${numbers.join(', ')})`];
  return [`   ${severity}: ${subject}: ${message} (${numbers.join(', ')})`, `      ${remedy}`];
}

/** Names come from outside; none may move the cursor. */
function visible(line: string): string {
  return line.replace(/\p{Cc}/gu, '?');
}
