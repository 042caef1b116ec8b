/**
 * Devices: who was let in, who asks to be, and the tokens that they come with.
 *
 * A token is 256 random bits, of which only the SHA-256 is stored; it is shown once. A device has one token per role, with the scopes
 * that were approved; asking for more is a new request.
 *
 * Whether a device's key is its own is checked before (`identity.ts`), and who may decide about devices after (`gateway`).
 */
import { hash, randomBytes, randomUUID } from 'node:crypto';
import { holdsScope } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { AuditSink } from '../audit-sink.ts';
import { letIn, type PairingClaim, showable, storable, type StoredClaim } from './claim.ts';
import type { Approver, Devices, PairedDevice, PairingRequest } from './contract.ts';
import { type DeviceBook, type DeviceBookOptions, openDeviceBook } from './device-book.ts';
import type { StoredDevice, StoredRole } from './device-store.ts';
import { deviceTokenPrefix, type TokenHolder } from './held-devices.ts';

export interface DevicesOptions extends DeviceBookOptions {
  readonly audit: AuditSink;
}

export interface IssuedToken {
  readonly token: string;
  readonly issuedAtMs: number;
}

/** Devices, with what the door needs besides what operators do. */
export interface DeviceRegistry extends Devices {
  find(deviceId: string): PairedDevice | undefined;
  /** Whose token this is. Touches no disk. */
  findToken(token: string): TokenHolder | undefined;
  /** The request that waits for an operator: the one that waits already, or, where something else is asked for, a new one. */
  request(claim: PairingClaim): Promise<PairingRequest>;
  /** Lets a device in that the caller vouches for. @param actor for the audit log @throws OpenClawError `too_many_devices` */
  pairSilently(claim: PairingClaim, actor: string): Promise<void>;
  /** The device's first token for this role; undefined where it has one. */
  issueToken(deviceId: string, role: string): Promise<IssuedToken | undefined>;
  /** Notes that it came in; written at most once a minute. */
  seen(deviceId: string, address: string): void;
  /** Ends timers and listening, and waits for what is being written. */
  close(): Promise<void>;
}

interface Desk {
  readonly book: DeviceBook;
  readonly clock: Clock;
  readonly audit: AuditSink;
}

/** Loads all devices, and the requests that wait. */
export async function createDevices(options: DevicesOptions): Promise<DeviceRegistry> {
  const { clock, audit } = options;
  const book = await openDeviceBook(options);
  const desk: Desk = { book, clock, audit };
  return {
    pending: () => book.pending.list(),
    paired: () => book.held.all().map(show),
    find(deviceId) {
      const device = book.held.get(deviceId);
      return device === undefined ? undefined : show(device);
    },
    findToken: (token) => book.held.findToken(token),
    request: (claim) => request(storable(claim), desk),
    approve: (requestId, approver) => approve(requestId, approver, desk),
    reject: (requestId, approver) => reject(requestId, approver, desk),
    remove: (deviceId, approver) => remove(deviceId, approver, desk),
    rename: (deviceId, displayName, approver) => rename({ deviceId, displayName }, approver, desk),
    rotate: (which, approver) => rotate(which, approver, desk),
    revoke: (which, approver) => revoke(which, approver, desk),
    pairSilently: (claim, actor) => pairSilently(storable(claim), actor, desk),
    issueToken: (deviceId, role) => issueToken({ deviceId, role }, desk),
    seen: book.seen,
    onChange: book.onChange,
    close: book.close,
  };
}

function request(claim: StoredClaim, { book, clock }: Desk): Promise<PairingRequest> {
  return book.change(async () => {
    const reason = reasonFor(book.held.get(claim.deviceId), claim);
    const waiting = book.pending.find(claim.deviceId, claim.role);
    if (waiting !== undefined && waiting.reason === reason && waiting.scopes.join() === claim.scopes.join()) return waiting;
    const added: PairingRequest = { ...claim, requestId: randomUUID(), reason, createdAtMs: clock.now() };
    const crowded = book.pending.giveWay(claim.remoteIp, waiting).map((other) => [other, 'expired'] as const);
    const superseded = waiting === undefined ? [] : [[waiting, 'superseded'] as const];
    await book.saveRequests({ resolved: [...superseded, ...crowded], added });
    return added;
  });
}

async function approve(requestId: string, approver: Approver, { book, clock, audit }: Desk): Promise<PairedDevice> {
  const { device, asked } = await book.change(async () => {
    const asked = requestOf(book, requestId);
    refuseBeyond(approver, asked.scopes);
    const wanted = letIn(book.held.get(asked.deviceId), asked, { nowMs: clock.now(), via: approver.id });
    return { asked, device: await book.save(wanted, { resolved: [[asked, 'approved']], guarded: true }) };
  });
  const { role, scopes, clientId, remoteIp } = asked;
  const detail = { role, scopes: scopes.join(' '), clientId, from: remoteIp };
  await audit.record({ actor: approver.id, action: 'device.approved', subject: device.deviceId, detail });
  return show(device);
}

async function reject(requestId: string, approver: Approver, { book, audit }: Desk): Promise<PairingRequest> {
  const asked = await book.change(async () => {
    const asked = requestOf(book, requestId);
    await book.saveRequests({ resolved: [[asked, 'rejected']], guarded: true });
    return asked;
  });
  const detail = { role: asked.role, scopes: asked.scopes.join(' '), from: asked.remoteIp };
  await audit.record({ actor: approver.id, action: 'device.rejected', subject: asked.deviceId, detail });
  return asked;
}

async function remove(deviceId: string, approver: Approver, { book, audit }: Desk): Promise<void> {
  await book.change(() => {
    const waiting = book.pending.list().filter((candidate) => candidate.deviceId === deviceId);
    return book.remove(decidable(deviceOf(book, deviceId), approver), {
      resolved: waiting.map((candidate) => [candidate, 'rejected'] as const),
    });
  });
  await audit.record({ actor: approver.id, action: 'device.removed', subject: deviceId, detail: {} });
}

interface Renaming {
  readonly deviceId: string;
  readonly displayName: string;
}

async function rename({ deviceId, displayName }: Renaming, approver: Approver, { book, audit }: Desk): Promise<PairedDevice> {
  const name = showable(displayName);
  if (name === null) throw invalid('displayName', 'must be a text of one line');
  const device = await book.change(() => book.save({ ...decidable(deviceOf(book, deviceId), approver), displayName: name }));
  await audit.record({ actor: approver.id, action: 'device.renamed', subject: deviceId, detail: { displayName: name } });
  return show(device);
}

type Rotated = Awaited<ReturnType<Devices['rotate']>>;

async function rotate(which: Parameters<Devices['rotate']>[0], approver: Approver, { book, clock, audit }: Desk): Promise<Rotated> {
  const { deviceId, role } = which;
  const { token, tokenHash } = createToken();
  const rotated = await book.change(async () => {
    const device = decidable(deviceOf(book, deviceId), approver);
    const scopes = narrowed(roleOf(device, role), which.scopes);
    refuseBeyond(approver, scopes);
    const rotated: StoredRole = { role, scopes, createdAtMs: clock.now(), tokenHash };
    await book.save(withRole(device, rotated));
    return rotated;
  });
  const { scopes, createdAtMs } = rotated;
  await audit.record({ actor: approver.id, action: 'device.rotated', subject: deviceId, detail: { role, scopes: scopes.join(' ') } });
  return { token, issuedAtMs: createdAtMs, role, scopes, createdAtMs };
}

async function revoke({ deviceId, role }: Parameters<Devices['revoke']>[0], approver: Approver, { book, audit }: Desk): Promise<void> {
  await book.change(async () => {
    const device = decidable(deviceOf(book, deviceId), approver);
    const revoked = roleOf(device, role);
    await book.save({ ...device, roles: device.roles.filter((candidate) => candidate !== revoked) });
  });
  await audit.record({ actor: approver.id, action: 'device.revoked', subject: deviceId, detail: { role } });
}

async function pairSilently(claim: StoredClaim, actor: string, { book, clock, audit }: Desk): Promise<void> {
  await book.change(async () => {
    const waiting = book.pending.find(claim.deviceId, claim.role);
    const device = letIn(book.held.get(claim.deviceId), claim, { nowMs: clock.now(), via: 'silent' });
    await book.save(device, waiting === undefined ? {} : { resolved: [[waiting, 'approved']] });
  });
  const { deviceId, role, scopes, clientId, remoteIp } = claim;
  const detail = { role, scopes: scopes.join(' '), clientId, from: remoteIp };
  await audit.record({ actor, action: 'device.paired-silently', subject: deviceId, detail });
}

interface RoleOfDevice {
  readonly deviceId: string;
  readonly role: string;
}

async function issueToken({ deviceId, role }: RoleOfDevice, { book, clock }: Desk): Promise<IssuedToken | undefined> {
  // Who has a token waits for nobody's change.
  if (book.held.get(deviceId)?.roles.some((held) => held.role === role && held.tokenHash !== null)) return undefined;
  return book.change(async () => {
    const device = deviceOf(book, deviceId);
    const approved = roleOf(device, role);
    if (approved.tokenHash !== null) return undefined;
    const { token, tokenHash } = createToken();
    const issuedAtMs = clock.now();
    await book.save(withRole(device, { ...approved, tokenHash, createdAtMs: issuedAtMs }));
    return { token, issuedAtMs };
  });
}

function createToken(): { readonly token: string; readonly tokenHash: string } {
  const token = deviceTokenPrefix + randomBytes(32).toString('base64url');
  return { token, tokenHash: hash('sha256', token) };
}

/** What the device lacks that it asks for. */
function reasonFor(device: StoredDevice | undefined, { role }: StoredClaim): PairingRequest['reason'] {
  if (device === undefined || device.roles.length === 0) return 'not-paired';
  return device.roles.some((candidate) => candidate.role === role) ? 'scope-upgrade' : 'role-upgrade';
}

/** Nobody gives away what they do not hold. */
function refuseBeyond({ id, scopes }: Approver, wanted: readonly string[]): void {
  const lacking = wanted.find((scope) => !holdsScope(scopes, scope));
  if (lacking !== undefined) throw new OpenClawError('beyond_own_scopes', { details: { approver: id, scope: lacking } });
}

/** @throws OpenClawError `beyond_own_scopes` where a device would decide about one that holds more */
function decidable(device: StoredDevice, approver: Approver): StoredDevice {
  if (approver.boundTo !== undefined && approver.boundTo !== device.deviceId) {
    refuseBeyond(
      approver,
      device.roles.flatMap(({ scopes }) => scopes),
    );
  }
  return device;
}

/** Fewer scopes than were approved, or those. More would pass by whoever approves. */
function narrowed({ scopes }: StoredRole, wanted: readonly string[] | undefined): readonly string[] {
  if (wanted === undefined) return scopes;
  const approved = new Set(scopes);
  const beyond = wanted.find((scope) => !holdsScope(approved, scope));
  if (beyond !== undefined) throw invalid('scopes', `holds ${beyond}, which was not approved; the device has to ask for it`);
  return Array.from(new Set(wanted));
}

function withRole(device: StoredDevice, role: StoredRole): StoredDevice {
  return { ...device, roles: device.roles.map((candidate) => (candidate.role === role.role ? role : candidate)) };
}

function requestOf(book: DeviceBook, requestId: string): PairingRequest {
  const found = book.pending.get(requestId);
  if (found === undefined) throw new OpenClawError('pairing_request_not_found', { details: { requestId } });
  return found;
}

function deviceOf(book: DeviceBook, deviceId: string): StoredDevice {
  const device = book.held.get(deviceId);
  if (device === undefined) throw new OpenClawError('device_not_found', { details: { deviceId } });
  return device;
}

function roleOf(device: StoredDevice, role: string): StoredRole {
  const found = device.roles.find((candidate) => candidate.role === role);
  if (found === undefined)
    throw new OpenClawError('device_not_found', { details: { deviceId: `${device.deviceId} with the role ${role}` } });
  return found;
}

function show(device: StoredDevice): PairedDevice {
  const { deviceId, publicKey, displayName, platform, deviceFamily, clientId, clientMode, approvedVia } = device;
  const { createdAtMs, approvedAtMs, lastSeenAtMs, lastSeenIp } = device;
  return {
    ...{ deviceId, publicKey, displayName, platform, deviceFamily, clientId, clientMode, approvedVia },
    ...{ createdAtMs, approvedAtMs, lastSeenAtMs, lastSeenIp },
    tokens: device.roles.map(({ role, scopes, createdAtMs: madeAtMs }) => ({ role, scopes, createdAtMs: madeAtMs })),
  };
}

function invalid(path: string, reason: string): OpenClawError {
  return new OpenClawError('invalid_request', { details: { path, reason }, param: path });
}
