/** Devices as the gateway tells of them, and what is said of them in words. */
export interface PendingDevice {
  readonly requestId: string;
  readonly deviceId: string;
  readonly displayName?: string;
  readonly platform?: string;
  readonly clientId: string;
  readonly clientMode: string;
  readonly role: string;
  readonly scopes: readonly string[];
  readonly remoteIp: string;
  readonly reason: string;
  readonly ts: number;
}

export interface DeviceToken {
  readonly role: string;
  readonly scopes: readonly string[];
  readonly createdAtMs: number;
}

export interface PairedDevice {
  readonly deviceId: string;
  readonly displayName?: string;
  readonly platform?: string;
  readonly clientId: string;
  readonly approvedVia: string;
  readonly approvedAtMs: number;
  readonly lastSeenAtMs?: number;
  readonly lastSeenIp?: string;
  readonly connected: boolean;
  readonly tokens: readonly DeviceToken[];
}

export interface DeviceList {
  readonly pending: readonly PendingDevice[];
  readonly paired: readonly PairedDevice[];
}

const clients: Readonly<Record<string, string>> = {
  'openclaw-control-ui': 'Control UI',
  cli: 'command line',
  'openclaw-tui': 'terminal',
  'gateway-client': 'program',
};

/** What kind of client it is, in words where they are known. */
export const clientOf = ({ clientId }: Pick<PendingDevice, 'clientId'>): string => clients[clientId] ?? clientId;

export const nameOf = ({ displayName, deviceId, ...device }: Pick<PendingDevice, 'displayName' | 'deviceId' | 'clientId'>): string =>
  displayName ?? `${clientOf(device)} ${deviceId.slice(0, 8)}`;

const scopeWords: Readonly<Record<string, string>> = {
  'operator.admin': 'administer',
  'operator.write': 'use',
  'operator.read': 'read',
  'operator.approvals': 'approve work',
  'operator.pairing': 'let devices in',
  'operator.questions': 'answer questions',
  'operator.sessions.read': 'read conversations',
  'operator.sessions.write': 'change conversations',
  'operator.talk': 'talk',
  'operator.talk.secrets': 'talk with secrets',
};

/** What a device may, the farthest-reaching first; `operator.admin` says it all. */
export function describeScopes(scopes: readonly string[]): readonly string[] {
  if (scopes.includes('operator.admin')) return [scopeWords['operator.admin'] ?? ''];
  return Object.keys(scopeWords)
    .filter((scope) => scopes.includes(scope))
    .concat(scopes.filter((scope) => scopeWords[scope] === undefined))
    .map((scope) => scopeWords[scope] ?? scope);
}

export function describeReason(reason: string): string {
  switch (reason) {
    case 'not-paired':
      return 'new here';
    case 'scope-upgrade':
      return 'asks for more than it may';
    case 'role-upgrade':
      return 'asks for another role';
    case 'metadata-upgrade':
      return 'says other things of itself than before';
    default:
      return reason;
  }
}

export const describeApproval = (via: string): string => (via === 'silent' ? 'by itself, on the gateway’s own machine' : `by ${via}`);
