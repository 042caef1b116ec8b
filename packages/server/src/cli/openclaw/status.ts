/**
 * `openclaw status`: the gateway at a glance, from what it says of itself over one connection. What is wrong comes last, where it is read.
 *
 * What a gateway of another version does not tell is left out.
 */
import { X509Certificate } from 'node:crypto';
import type { HelloOk } from '@openclaw/protocol';
import type { Command } from 'commander';
import { OpenClawError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ControlCommandContext, ControlSession } from './control.ts';
import { formatMs } from '../durations.ts';
import type { GatewayTarget, TargetFlags } from '../gateway-target.ts';
import { failureDocument } from './health.ts';
import { listAt, numberAt, objectAt, textAt } from './payload.ts';
import { addOutput, addTargetFlags, type OutputFlags, visible } from './target-flags.ts';

type Flags = TargetFlags & OutputFlags;

export interface Overview {
  readonly target: GatewayTarget;
  readonly hello: HelloOk;
  readonly status: JsonObject;
  readonly health: JsonObject;
  /** These are empty where this credential may not see them. */
  readonly devices: JsonObject;
  readonly configuration: JsonObject;
  readonly models: JsonObject;
  readonly gateway: JsonObject;
}

export function registerStatusCommand(program: Command, context: ControlCommandContext): void {
  addOutput(addTargetFlags(program.command('status')))
    .description('the gateway at a glance: version, address, credential, providers, devices, memory, warnings')
    .addHelpText(
      'after',
      '\nThe exit code is 1 if it is not well or not to be reached.\n\nExamples:\n  openclaw status\n  openclaw status -o json\n',
    )
    .action((flags: Flags) => status(flags, context));
}

async function status(flags: Flags, { io, connect, setExitCode }: ControlCommandContext): Promise<void> {
  const asJson = flags.output === 'json';
  try {
    const overview = await connect({ flags, scopes: ['operator.read', 'operator.pairing'] }, look);
    io.stdout.write(asJson ? `${JSON.stringify(documentOf(overview), null, 2)}\n` : describe(overview));
    if (overview.health['ok'] === false) setExitCode(1);
  } catch (thrown) {
    if (asJson && thrown instanceof OpenClawError) io.stdout.write(`${JSON.stringify(failureDocument(thrown), null, 2)}\n`);
    throw thrown;
  }
}

async function look({ target, hello, request }: ControlSession): Promise<Overview> {
  /** A credential without that scope, and a gateway without that method, tell the rest. */
  const ask = async (method: string, params?: object): Promise<JsonObject> => {
    try {
      return await request<JsonObject>(method, params);
    } catch (thrown) {
      if (thrown instanceof OpenClawError && thrown.code === 'control_refused') return {};
      throw thrown;
    }
  };
  const [health, answered, devices, configuration, models, settings] = await Promise.all([
    request<JsonObject>('health'),
    ask('status', { includeChannelSummary: false }),
    ask('device.pair.list', {}),
    ask('config.status'),
    ask('models.list', {}),
    ask('config.get', {}),
  ]);
  return { target, hello, health, status: answered, devices, configuration, models, gateway: objectAt(settings, 'config', 'gateway') };
}

function documentOf({ target, hello, status: answered, health, devices, configuration, models, gateway }: Overview): object {
  const { server, snapshot, auth } = hello;
  return {
    ok: health['ok'] !== false,
    url: target.url,
    version: server.version,
    uptimeMs: snapshot.uptimeMs,
    tlsFingerprint: target.certificate === undefined ? null : fingerprintOf(target.certificate),
    stateId: snapshot.stateId ?? null,
    auth: { method: auth.method ?? null, credentialFrom: target.credentialFrom ?? null, scopes: auth.scopes },
    bind: textAt(gateway, 'bind') ?? null,
    providers: providerNames(models),
    configuration,
    devices,
    health,
    status: answered,
  };
}

function describe(overview: Overview): string {
  const { target, hello, status: answered, health, models, gateway } = overview;
  const { server, snapshot } = hello;
  const checks = Object.entries(objectAt(health, 'checks')).filter(([, check]) => textAt(check, 'state') !== 'ok');
  const state = textAt(health, 'status') ?? (health['ok'] === false ? 'failed' : 'ok');
  const bind = textAt(gateway, 'bind');
  const providers = providerNames(models);
  const rows: (readonly [string, string | undefined])[] = [
    ['Gateway', `OpenClaw ${server.version}, ${state}, up ${formatMs(snapshot.uptimeMs)}`],
    ['Address', `${target.url} (${target.from})${bind === undefined ? '' : `, bind ${bind}`}`],
    ['TLS', target.certificate === undefined ? undefined : `SHA-256 ${fingerprintOf(target.certificate)}`],
    ['Auth', authOf(overview)],
    ['Providers', providers.length === 0 ? undefined : providers.join(', ')],
    ['Config', configurationOf(overview)],
    ['Devices', devicesOf(overview)],
    ['Memory', memoryOf(answered)],
    ['Sessions', numberAt(objectAt(answered, 'sessions'), 'count')?.toString()],
  ];
  const shown = rows.flatMap(([name, text]) => (text === undefined ? [] : [`${name.padEnd(10)} ${text}`]));
  const warnings = checks.map(([name, check]) => `  ${name}: ${textAt(check, 'state') ?? ''}${withDetail(check)}`);
  const lines = [...shown, ...(warnings.length > 0 ? ['', 'Warnings:', ...warnings] : [])];
  return lines.map((line) => `${visible(line)}\n`).join('');
}

/** Of a certificate that the gateway made for itself, as browsers show it. */
function fingerprintOf(certificate: string): string {
  return new X509Certificate(certificate).fingerprint256;
}

function withDetail(check: unknown): string {
  const detail = textAt(check, 'detail') ?? textAt(check, 'reason');
  return detail === undefined ? '' : `, ${detail}`;
}

function authOf({ hello, target }: Overview): string {
  const { method = 'none', scopes } = hello.auth;
  const from = target.credentialFrom === undefined ? '' : `, credential from ${target.credentialFrom}`;
  return `${method}${from}; may ${scopes.length === 0 ? 'nothing that needs a scope' : scopes.map((scope) => scope.replace('operator.', '')).join(', ')}`;
}

/** Those that have models here; the built-in one is no provider to speak of. */
function providerNames(models: JsonObject): string[] {
  const names = listAt(models, 'models').flatMap((model) => textAt(model, 'provider') ?? []);
  return [...new Set(names)].filter((name) => name !== 'openclaw').sort();
}

function configurationOf({ configuration }: Overview): string | undefined {
  const state = textAt(configuration, 'state');
  if (state === undefined) return undefined;
  const waiting = listAt(configuration, 'needsRestart').length;
  const version = numberAt(configuration, 'version');
  const problem = textAt(listAt(configuration, 'issues')[0], 'message');
  return [
    `${configurationWords[state] ?? state}${version === undefined ? '' : `, version ${version}`}`,
    ...(waiting === 0 ? [] : [`${waiting} ${waiting === 1 ? 'setting holds' : 'settings hold'} after a restart`]),
    ...(problem === undefined ? [] : [problem]),
  ].join('; ');
}

const configurationWords: Readonly<Record<string, string>> = {
  current: 'as in the file',
  refused: 'the file is refused, and the version before it holds',
  lastGood: 'the file is refused, and the last good version holds',
  rescue: 'rescue mode',
};

function devicesOf({ devices }: Overview): string | undefined {
  if (!('paired' in devices)) return undefined;
  const pending = listAt(devices, 'pending').length;
  const waiting = pending === 0 ? '' : `; ${pending} ${pending === 1 ? 'waits' : 'wait'} for approval: openclaw devices list`;
  return `${listAt(devices, 'paired').length} paired${waiting}`;
}

function memoryOf(answered: JsonObject): string | undefined {
  const rssBytes = numberAt(objectAt(answered, 'processMemory'), 'rssBytes');
  return rssBytes === undefined ? undefined : `${Math.round(rssBytes / 2 ** 20)} MiB`;
}
