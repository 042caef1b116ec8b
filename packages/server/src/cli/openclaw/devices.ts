/**
 * `openclaw devices list|approve|reject|remove|rename|rotate|revoke`: who may come in by a key of its own, and who asks to.
 *
 * With a running gateway through it, without one in the state directory. A token is printed once and kept nowhere.
 */
import type { Command } from 'commander';
import { OpenClawError } from '../../core/errors.ts';
import { formatTable, widthOf } from '../table.ts';
import { pick, type DeviceList, type DevicesClient, type ShownDevice, type ShownRequest, type UseDevices } from './devices-client.ts';
import type { TargetFlags } from '../gateway-target.ts';
import { addOutput, addTargetFlags, type OutputFlags } from './target-flags.ts';
import type { Terminal } from '../terminal.ts';

export interface DevicesContext {
  readonly io: Terminal;
  readonly useDevices: UseDevices;
}

type Flags = TargetFlags & OutputFlags;
type ApproveFlags = Flags & { readonly latest?: boolean };
type RoleFlags = Flags & { readonly role: string; readonly scopes?: readonly string[] };

export function registerDevicesCommands(program: Command, context: DevicesContext): void {
  const group = program.command('devices').description('who may come in by a key of its own, and who asks to');
  const add = (name: string, description: string, examples: string): Command =>
    addOutput(addTargetFlags(group.command(name)), name === 'list' ? 'table' : 'text')
      .description(description)
      .addHelpText(
        'after',
        `\nExamples:\n${examples
          .split('\n')
          .map((line) => `  openclaw devices ${line}\n`)
          .join('')}`,
      );
  add('list', 'list devices that wait for approval, and those that are in', 'list\nlist -o json').action((flags: Flags) =>
    list(flags, context),
  );
  add('approve', 'let a device in that waits', 'approve 3f2c…\napprove --latest')
    .argument('[request]', 'the id that the device was told, or its beginning')
    .option('--latest', 'the one that asked last')
    .action((wanted: string | undefined, flags: ApproveFlags) => approve(wanted, flags, context));
  add('reject', 'turn a device away that waits; it may ask again', 'reject 3f2c…')
    .argument('<request>', 'the id that the device was told, or its beginning')
    .action((wanted: string, flags: Flags) => reject(wanted, flags, context));
  add('remove', 'forget a device; its connections end at once', 'remove 9ab1…')
    .argument('<device>', 'its id, or the beginning of it')
    .action((wanted: string, flags: Flags) =>
      change({ wanted, flags, done: 'removed', act: (devices, id) => devices.remove(id) }, context),
    );
  add('rename', 'give a device a name', 'rename 9ab1… "Anna\'s laptop"')
    .argument('<device>', 'its id, or the beginning of it')
    .argument('<name>', 'the name')
    .action((wanted: string, name: string, flags: Flags) =>
      change({ wanted, flags, done: `called ${name} now`, act: (devices, id) => devices.rename(id, name) }, context),
    );
  add(
    'rotate',
    'give a device a new token, printed once; the old one ends at once',
    'rotate 9ab1…\nrotate 9ab1… --role operator --scopes operator.read',
  )
    .argument('<device>', 'its id, or the beginning of it')
    .option('--role <role>', 'of which token', 'operator')
    .option('--scopes <scopes>', 'what it may do from now on, separated by commas (default: what it may do now)', commaSeparated)
    .action((wanted: string, flags: RoleFlags) => rotate(wanted, flags, context));
  add('revoke', 'end the token of a device; it stays known, and asks anew', 'revoke 9ab1…')
    .argument('<device>', 'its id, or the beginning of it')
    .option('--role <role>', 'of which token', 'operator')
    .action((wanted: string, flags: RoleFlags) =>
      change(
        { wanted, flags, done: 'without a token now', act: (devices, deviceId) => devices.revoke({ deviceId, role: flags.role }) },
        context,
      ),
    );
}

async function list(flags: Flags, { io, useDevices }: DevicesContext): Promise<void> {
  const devices = await useDevices(flags, (client) => client.list());
  if (flags.output === 'json') {
    io.stdout.write(`${JSON.stringify(devices, null, 2)}\n`);
    return;
  }
  const { pending, paired } = devices;
  if (pending.length + paired.length === 0) io.stderr.write('No device is paired, and none waits.\n');
  const width = widthOf(io.stdout);
  if (pending.length > 0) {
    io.stdout.write(formatTable(pendingColumns, pending.map(pendingRow), { width }));
    io.stderr.write('`openclaw devices approve REQUEST` lets one in.\n');
  }
  if (pending.length > 0 && paired.length > 0) io.stdout.write('\n');
  if (paired.length > 0) io.stdout.write(formatTable(pairedColumns, paired.map(pairedRow), { width }));
}

const pendingColumns = [
  { heading: 'REQUEST', cut: 'never' as const },
  ...['DEVICE', 'NAME', 'CLIENT', 'ASKS FOR', 'FROM', 'SINCE'].map((heading) => ({ heading })),
];
const pairedColumns = [{ heading: 'DEVICE' }, ...['NAME', 'CLIENT', 'MAY', 'STATE', 'APPROVED', 'SEEN'].map((heading) => ({ heading }))];

function pendingRow(request: ShownRequest): string[] {
  const { requestId, deviceId, displayName, remoteIp, ts } = request;
  return [requestId, deviceId.slice(0, 12), displayName ?? '', clientOf(request), scopesOf(request.scopes), remoteIp ?? '', moment(ts)];
}

function pairedRow(device: ShownDevice): string[] {
  const { deviceId, displayName, tokens = [], connected, approvedVia, lastSeenAtMs } = device;
  const may = tokens.map(({ role, scopes }) => (role === 'operator' ? scopesOf(scopes) : role)).join('; ');
  return [
    deviceId.slice(0, 16),
    displayName ?? '',
    clientOf(device),
    may || 'no token',
    connected === true ? 'connected' : 'away',
    approvedVia ?? '',
    moment(lastSeenAtMs),
  ];
}

function clientOf({ clientId, platform }: { readonly clientId?: string; readonly platform?: string | null }): string {
  return [clientId, platform].filter((text) => text !== undefined && text !== null && text !== '').join(' on ');
}

function scopesOf(scopes: readonly string[] = []): string {
  return scopes.map((scope) => scope.replace('operator.', '')).join(',') || 'nothing';
}

function moment(atMs: number | null | undefined): string {
  return typeof atMs === 'number' ? `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')}Z` : 'never';
}

async function approve(wanted: string | undefined, flags: ApproveFlags, context: DevicesContext): Promise<void> {
  if ((wanted === undefined) !== (flags.latest === true)) {
    const details = { reason: 'Say which request, or --latest', suggestion: '`openclaw devices list` shows what waits.' };
    throw new OpenClawError('usage_error', { details });
  }
  await context.useDevices(flags, async (devices) => {
    const { pending } = await devices.list();
    const request = wanted === undefined ? latest(pending) : pick(wanted, pending, { idOf: (one) => one.requestId, kind: 'request' });
    await devices.approve(request.requestId);
    const { requestId, deviceId, scopes = [] } = request;
    say(
      {
        document: { requestId, deviceId, decision: 'approved', scopes },
        words: `${deviceId.slice(0, 16)} is in; it may ${scopesOf(scopes)}.`,
      },
      flags,
      context,
    );
  });
}

function latest(pending: readonly ShownRequest[]): ShownRequest {
  const [last] = [...pending].sort((one, other) => (other.ts ?? 0) - (one.ts ?? 0));
  if (last) return last;
  throw new OpenClawError('command_refused', {
    details: { reason: 'No device waits for approval', suggestion: 'Let it connect first; it is told its request.' },
  });
}

async function reject(wanted: string, flags: Flags, context: DevicesContext): Promise<void> {
  await context.useDevices(flags, async (devices) => {
    const { requestId, deviceId } = pick(wanted, (await devices.list()).pending, { idOf: (one) => one.requestId, kind: 'request' });
    await devices.reject(requestId);
    say({ document: { requestId, deviceId, decision: 'rejected' }, words: `${requestId} is turned away.` }, flags, context);
  });
}

async function rotate(wanted: string, flags: RoleFlags, context: DevicesContext): Promise<void> {
  const { role, scopes } = flags;
  await context.useDevices(flags, async (devices) => {
    const { deviceId } = find(wanted, await devices.list());
    const token = await devices.rotate({ deviceId, role, ...(scopes === undefined ? {} : { scopes }) });
    if (flags.output === 'json') context.io.stdout.write(`${JSON.stringify({ deviceId, role, token: token ?? null }, null, 2)}\n`);
    else if (token !== undefined) context.io.stdout.write(`${token}\n`);
    context.io.stderr.write(
      `${deviceId.slice(0, 16)} has a new token.${token === undefined ? '' : ' This is the only time that it is shown.'}\n`,
    );
  });
}

interface Change {
  readonly wanted: string;
  readonly flags: Flags;
  /** The end of a sentence about it. */
  readonly done: string;
  readonly act: (devices: DevicesClient, deviceId: string) => Promise<void>;
}

async function change({ wanted, flags, done, act }: Change, context: DevicesContext): Promise<void> {
  await context.useDevices(flags, async (devices) => {
    const { deviceId } = find(wanted, await devices.list());
    await act(devices, deviceId);
    say({ document: { deviceId, done }, words: `${deviceId.slice(0, 16)} is ${done}.` }, flags, context);
  });
}

function find(wanted: string, { paired }: DeviceList): ShownDevice {
  const named = paired.filter(({ displayName }) => displayName === wanted);
  return named.length === 1 && named[0] ? named[0] : pick(wanted, paired, { idOf: ({ deviceId }) => deviceId, kind: 'device' });
}

interface Said {
  readonly document: object;
  readonly words: string;
}

function say({ document, words }: Said, { output }: OutputFlags, { io }: DevicesContext): void {
  io.stdout.write(output === 'json' ? `${JSON.stringify(document, null, 2)}\n` : `${words}\n`);
}

function commaSeparated(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
