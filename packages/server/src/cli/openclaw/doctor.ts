/** `openclaw doctor`, and `openclaw doctor traffic`: the checklist for a gateway in trouble, from what the running gateway measured. */
import type { Command } from 'commander';
import { trafficChecks, type Severity, type TrafficCheck, type TrafficFinding, type TrafficReport } from '@openclaw/protocol';
import { registerGatewayDoctor, type GatewayDoctorContext } from './doctor-gateway.ts';
import { addOutputOptions, isJson, type OutputFlags } from './doctor-printing.ts';
import { registerSecurityDoctor, type SecurityDoctorContext } from './doctor-security.ts';
import type { SightCommandContext } from './sight-client.ts';

export type DoctorContext = SightCommandContext & GatewayDoctorContext & SecurityDoctorContext;

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
  registerSecurityDoctor(doctor, context);
  const command = doctor
    .command('traffic')
    .description('go through the checklist: status codes, processor and memory, connections, durations, retries, prompts');
  addOutputOptions(command)
    .addHelpText(
      'after',
      '\nThe exit code is 1 if anything is bad.\n\nExamples:\n  openclaw doctor traffic\n  openclaw doctor traffic -o json\n',
    )
    // The command above has the same options, and takes them wherever they stand.
    .action((_flags: object, called: Command) => traffic(called.optsWithGlobals<OutputFlags>(), context));
  return doctor;
}

async function traffic(flags: OutputFlags, { io, sight, setExitCode }: DoctorContext): Promise<void> {
  const report = await sight.traffic();
  io.stdout.write(isJson(flags) ? `${JSON.stringify(report, null, 2)}\n` : text(report));
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
