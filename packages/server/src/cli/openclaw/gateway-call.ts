/** `openclaw gateway call METHOD [JSON]`: any method of the control plane, and its answer as JSON. */
import { operatorScopes, type OperatorScope } from '@openclaw/protocol';
import { type Command, Option } from 'commander';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import type { ControlCommandContext } from './control.ts';
import type { TargetFlags } from '../gateway-target.ts';
import { addTargetFlags } from './target-flags.ts';

interface Flags extends TargetFlags {
  readonly scope?: OperatorScope;
  readonly params?: string;
  readonly expectFinal?: boolean;
}

export function registerCallCommand(group: Command, context: ControlCommandContext): void {
  addTargetFlags(group.command('call'))
    .description('call a method of the control plane and print its answer as JSON')
    .argument('<method>', 'its name, such as health or config.get')
    .argument('[params]', 'its parameters, as JSON')
    .option('--params <json>', 'the same, as a flag')
    .addOption(
      new Option('--scope <scope>', 'what to ask for (default: what the method needs, as far as that can be told)').choices([
        ...operatorScopes,
      ]),
    )
    .option('--expect-final', 'of a method that answers twice, wait for the second answer')
    .addHelpText(
      'after',
      '\nExamples:\n  openclaw gateway call health\n  openclaw gateway call config.get\n  openclaw gateway call cron.list \'{"limit": 10}\'\n',
    )
    .action((method: string, params: string | undefined, flags: Flags) => call({ method, params: params ?? flags.params }, flags, context));
}

async function call(
  { method, params }: { readonly method: string; readonly params: string | undefined },
  flags: Flags,
  { io, connect }: ControlCommandContext,
): Promise<void> {
  const parsed = params === undefined ? undefined : parseParams(params);
  const answer = await connect({ flags, scopes: [flags.scope ?? scopeOf(method)] }, ({ request }) =>
    request(method, parsed, flags.expectFinal === true ? { onAccepted: () => {} } : {}),
  );
  io.stdout.write(`${JSON.stringify(answer ?? null, null, 2)}\n`);
}

function parseParams(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    const details = {
      reason: `The parameters are no JSON: ${reasonOf(thrown)}`,
      suggestion: `Write them like '{"limit": 10}', in quotes of the shell.`,
    };
    throw new OpenClawError('usage_error', { details });
  }
}

/** The least that is likely to be enough: reading by its name, administration otherwise. The gateway has the last word. */
function scopeOf(method: string): OperatorScope {
  if (/^(device|node)\.(pair|token)\./.test(method)) return 'operator.pairing';
  if (/^(agent|agent\.wait|chat\.(send|abort)|send|wake)$/.test(method)) return 'operator.write';
  const [last = ''] = method.split('.').slice(-1);
  const reads =
    /^(health|status|get|list|tail|history|schema|lookup|stability|cost|describe|preview|info|runs|read|search|system-presence|last-heartbeat)$/;
  return reads.test(last) && !method.startsWith('exec.') ? 'operator.read' : 'operator.admin';
}
