/**
 * `openclaw gateway status`: the process, the service, and whether it lets this command in. `openclaw gateway probe`: what it answers, method by method.
 *
 * Both exit with 1 where something of that fails, and say what.
 */
import type { Command } from 'commander';
import type { Clock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { ControlCommandContext, ControlSession } from './control.ts';
import { formatMs } from '../durations.ts';
import type { LocalPlace, TargetFlags } from '../gateway-target.ts';
import { failureDocument } from './health.ts';
import type { ServiceState } from './systemd.ts';
import { addOutput, addTargetFlags, type OutputFlags, visible } from './target-flags.ts';

export interface GatewayStatusContext extends ControlCommandContext {
  readonly clock: Clock;
  readonly findPlace: () => Promise<LocalPlace>;
  readonly serviceState: () => Promise<ServiceState>;
}

type Flags = TargetFlags & OutputFlags & { readonly requireRpc?: boolean };

export function registerStatusCommands(group: Command, context: GatewayStatusContext): void {
  addOutput(addTargetFlags(group.command('status')))
    .description('show the process, the service, and whether the gateway lets this command in')
    .option('--require-rpc', 'ask it something too')
    .addHelpText(
      'after',
      '\nThe exit code is 1 if it does not.\n\nExamples:\n  openclaw gateway status\n  openclaw gateway status -o json\n',
    )
    .action((flags: Flags) => status(flags, context));
  addOutput(addTargetFlags(group.command('probe')))
    .description('connect, ask for health, status, presence and configuration, and show what each took')
    .addHelpText(
      'after',
      '\nThe exit code is 1 if anything of that fails.\n\nExamples:\n  openclaw gateway probe\n  openclaw gateway probe --url wss://gateway.example --token "$TOKEN"\n',
    )
    .action((flags: Flags) => probe(flags, context));
}

async function status(flags: Flags, context: GatewayStatusContext): Promise<void> {
  const { io, findPlace, serviceState, setExitCode } = context;
  const [place, service] = await Promise.all([findPlace(), serviceState()]);
  const connection = await attempt(context, () =>
    context.connect({ flags, scopes: ['operator.read'], takesLess: flags.requireRpc !== true }, async (session) => {
      if (flags.requireRpc === true) await session.request('status');
      return facts(session);
    }),
  );
  if (connection instanceof OpenClawError) setExitCode(1);
  if (flags.output === 'json') {
    io.stdout.write(
      `${JSON.stringify({ process: place.owner ?? null, stateDirectory: place.stateDirectory, service, ...documentOf(connection) }, null, 2)}\n`,
    );
    return;
  }
  const { owner, stateDirectory } = place;
  const lines: [string, string][] = [
    [
      'Process',
      owner
        ? `pid ${owner.pid} since ${new Date(owner.startedAtMs).toISOString()}${owner.address === undefined ? '' : `, ${owner.address}`}`
        : `none on ${stateDirectory}`,
    ],
    ['Service', service.description],
    ...connectionLines(connection),
  ];
  io.stdout.write(lines.map(([name, text]) => `${name.padEnd(11)} ${visible(text)}\n`).join(''));
}

interface Facts {
  readonly url: string;
  readonly from: string;
  readonly version: string;
  readonly uptimeMs: number;
  readonly auth: { readonly method: string | null; readonly credentialFrom: string | null; readonly scopes: readonly string[] };
  readonly stateId: string | null;
}

function facts({ target, hello }: ControlSession): Facts {
  return {
    url: target.url,
    from: target.from,
    version: hello.server.version,
    uptimeMs: hello.snapshot.uptimeMs,
    auth: { method: hello.auth.method ?? null, credentialFrom: target.credentialFrom ?? null, scopes: hello.auth.scopes },
    stateId: hello.snapshot.stateId ?? null,
  };
}

type Outcome<Value> = (Value & { readonly tookMs: number }) | OpenClawError;

/** What a gateway refuses is an answer here; what is a fault of ours is not. */
async function attempt<Value extends object>({ clock }: GatewayStatusContext, action: () => Promise<Value>): Promise<Outcome<Value>> {
  const beganMs = clock.monotonicMs();
  try {
    return { ...(await action()), tookMs: Math.round(clock.monotonicMs() - beganMs) };
  } catch (thrown) {
    if (thrown instanceof OpenClawError && thrown.code !== 'usage_error') return thrown;
    throw thrown;
  }
}

function documentOf(connection: Outcome<Facts>): object {
  return connection instanceof OpenClawError ? failureDocument(connection) : { ok: true, connection };
}

function connectionLines(connection: Outcome<Facts>): [string, string][] {
  if (connection instanceof OpenClawError) {
    return [['Connection', connection.message], ...(connection.hint === '' ? [] : [['', connection.hint] satisfies [string, string]])];
  }
  const { url, from, version, uptimeMs, auth, stateId, tookMs } = connection;
  const credential = auth.credentialFrom === null ? '' : `, from ${auth.credentialFrom}`;
  return [
    ['Connection', `${url} (${from}): OpenClaw ${version}, up ${formatMs(uptimeMs)}; ${tookMs} ms`],
    ['Auth', `${auth.method ?? 'none'}${credential}`],
    ...(stateId === null ? [] : [['State', `id ${stateId}`] satisfies [string, string]]),
  ];
}

const probed = [
  ['health', undefined],
  ['status', undefined],
  ['system-presence', undefined],
  ['config.get', {}],
] as const;

async function probe(flags: Flags, context: GatewayStatusContext): Promise<void> {
  const { io, connect, clock, setExitCode } = context;
  const result = await attempt(context, () =>
    connect({ flags, scopes: ['operator.read'] }, async (session) => {
      const calls = await Promise.all(
        probed.map(async ([method, params]) => {
          const beganMs = clock.monotonicMs();
          const error = await session.request(method, params).then(
            () => undefined,
            (thrown: unknown) =>
              thrown instanceof OpenClawError ? thrown : Promise.reject(thrown instanceof Error ? thrown : new Error(String(thrown))),
          );
          return { method, ok: error === undefined, tookMs: Math.round(clock.monotonicMs() - beganMs), error: error?.message ?? null };
        }),
      );
      return { ...facts(session), calls };
    }),
  );
  if (result instanceof OpenClawError || result.calls.some(({ ok }) => !ok)) setExitCode(1);
  if (flags.output === 'json') io.stdout.write(`${JSON.stringify(documentOf(result), null, 2)}\n`);
  else {
    const calls = result instanceof OpenClawError ? [] : result.calls;
    const lines = [...connectionLines(result), ...calls.map(({ method, tookMs, error }) => [method, error ?? `ok, ${tookMs} ms`] as const)];
    io.stdout.write(lines.map(([name, text]) => `${name.padEnd(15)} ${visible(text)}\n`).join(''));
  }
}
