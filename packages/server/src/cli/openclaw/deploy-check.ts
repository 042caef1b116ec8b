/** `openclaw deploy check`: whether a deployment that runs would survive what deployments meet. It prints; how it judges: `operations/deploy/check`. */
import type { Command } from 'commander';
import type { CheckedItem, DeployReport, Outcome } from '../../operations/deploy/check/index.ts';
import { addOutput, addTargetFlags, type OutputFlags, visible } from './target-flags.ts';
import type { TargetFlags } from '../gateway-target.ts';
import type { Terminal } from '../terminal.ts';

export interface CheckWishes extends TargetFlags {
  /** The name or the id of one of Docker's. */
  readonly container?: string;
  /** The id of the state that is expected; any part of its beginning. */
  readonly state?: string;
}

export interface DeployCheckContext {
  readonly io: Pick<Terminal, 'stdout'>;
  readonly check: (wishes: CheckWishes) => Promise<DeployReport>;
  readonly setExitCode: (code: number) => void;
}

export function registerDeployCheck(deploy: Command, context: DeployCheckContext): void {
  addOutput(addTargetFlags(deploy.command('check')))
    .description('go through the list for deployments: what is lost with the next redeploy, what the platform cannot reach')
    .option('--container <name>', 'a container of Docker on this machine')
    .option('--state <id>', 'the id of the state that is expected (default: the one that answered there before)')
    .addHelpText(
      'after',
      '\nWithout --container or --url it looks at the gateway of this machine, or of the container that it is called in.\nThe exit code is 1 if something fails.\n\nExamples:\n  openclaw deploy check --container openclaw-gateway\n  openclaw deploy check --url https://claw.example.org --token "$OPENCLAW_GATEWAY_TOKEN"\n  kubectl exec openclaw-gateway-0 -- openclaw deploy check -o json\n',
    )
    // The command above has an output too, and takes it wherever it stands.
    .action((_flags: object, command: Command) => check(command.optsWithGlobals<CheckWishes & OutputFlags>(), context));
}

async function check(flags: CheckWishes & OutputFlags, { io, check: examine, setExitCode }: DeployCheckContext): Promise<void> {
  const report = await examine(flags);
  io.stdout.write(flags.output === 'json' ? `${JSON.stringify(report, null, 2)}\n` : describe(report));
  if (report.status === 'fail') setExitCode(1);
}

const words: Readonly<Record<Outcome, string>> = { pass: 'pass', fail: 'FAIL', 'not-applicable': 'n/a' };

function describe({ deployment, items, status }: DeployReport): string {
  const failed = items.filter(({ outcome }) => outcome === 'fail').length;
  const verdict =
    status === 'pass'
      ? 'Nothing fails.'
      : `${failed} of ${items.length} ${failed === 1 ? 'fails' : 'fail'}: it is fragile, even if it looks alive. Begin with the first.`;
  return [deployment, '', ...items.flatMap(linesOf), '', verdict].map((line) => `${visible(line)}\n`).join('');
}

function linesOf({ outcome, title, evidence, remedy }: CheckedItem): string[] {
  return [
    `${words[outcome].padEnd(4)}  ${title}`,
    `        seen  ${evidence}`,
    ...(remedy === undefined ? [] : [`        ${outcome === 'fail' ? 'mend' : 'then'}  ${remedy}`]),
  ];
}
