/**
 * `openclaw health` and `openclaw gateway health`: whether the gateway can do its work, as it says itself.
 *
 * The exit code is 0 where it can, 1 where it cannot or does not answer, and the reason comes with the next thing to try.
 */
import type { HelloOk } from '@openclaw/protocol';
import type { Command } from 'commander';
import { OpenClawError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ControlCommandContext } from './control.ts';
import { formatMs } from '../durations.ts';
import type { TargetFlags } from '../gateway-target.ts';
import { objectAt, textAt } from './payload.ts';
import { addOutput, addTargetFlags, type OutputFlags, visible } from './target-flags.ts';

type Flags = TargetFlags & OutputFlags & { readonly verbose?: boolean };

export function registerHealthCommand(parent: Command, context: ControlCommandContext, prefix = 'openclaw'): void {
  const command = addOutput(addTargetFlags(parent.command('health')))
    .description('ask the gateway whether it can do its work')
    .option('--verbose', 'have it look at everything anew, and show each check')
    .addHelpText(
      'after',
      `\nThe exit code is 1 if it is not well, not ready, or not to be reached.\n\nExamples:\n  ${prefix} health\n  ${prefix} health --url ws://127.0.0.1:18789 --token "$OPENCLAW_GATEWAY_TOKEN"\n`,
    );
  command.action((flags: Flags) => health(flags, context));
}

async function health(flags: Flags, { io, connect, setExitCode }: ControlCommandContext): Promise<void> {
  const asJson = flags.output === 'json';
  try {
    await connect({ flags, scopes: ['operator.read'], takesLess: true }, async ({ hello, target, request }) => {
      const answer = await request<JsonObject>('health', flags.verbose === true ? { probe: true } : undefined);
      io.stdout.write(
        asJson ? `${JSON.stringify({ ...answer, url: target.url }, null, 2)}\n` : describe(answer, { hello, url: target.url, flags }),
      );
      if (answer['ok'] === false) setExitCode(1);
    });
  } catch (thrown) {
    if (asJson && thrown instanceof OpenClawError) io.stdout.write(`${JSON.stringify(failureDocument(thrown), null, 2)}\n`);
    throw thrown;
  }
}

/** For programs: what was printed for people, in fields. */
export function failureDocument(error: OpenClawError): object {
  const { requestId, code } = error.details;
  return {
    ok: false,
    error: {
      code: error.code,
      ...(error.code === 'control_refused' && code !== undefined ? { gatewayCode: code } : {}),
      message: error.message,
      hint: error.hint,
      ...(requestId === undefined ? {} : { requestId }),
    },
  };
}

interface Shown {
  readonly hello: HelloOk;
  readonly url: string;
  readonly flags: Flags;
}

function describe(answer: JsonObject, { hello, url, flags }: Shown): string {
  const checks = Object.entries(objectAt(answer, 'checks'));
  const shown = checks.filter(([, check]) => flags.verbose === true || textAt(check, 'state') !== 'ok');
  const word = textAt(answer, 'status') ?? (answer['ok'] === false ? 'failed' : 'ok');
  const head = `${url}: ${word} (OpenClaw ${hello.server.version}, up ${formatMs(hello.snapshot.uptimeMs)})`;
  const lines = shown.map(([name, check]) => `  ${name}: ${textAt(check, 'state') ?? 'unknown'}${detail(check)}`);
  return [head, ...lines].map((line) => `${visible(line)}\n`).join('');
}

function detail(check: unknown): string {
  const text = textAt(check, 'detail') ?? textAt(check, 'reason');
  return text === undefined ? '' : `, ${text}`;
}
