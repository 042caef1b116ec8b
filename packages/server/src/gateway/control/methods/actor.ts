/** Who did something, as the audit log and the history of the configuration write it down. */
import type { ControlClient, ControlPrincipal } from '../contract.ts';

const secretOf: Readonly<Record<ControlPrincipal['method'], string>> = {
  none: 'anonymous',
  token: 'gateway-token',
  password: 'gateway-password',
  'device-token': 'device',
  'bootstrap-token': 'bootstrap-token',
  'trusted-proxy': 'trusted-proxy',
};

export function actorOf({ deviceId, method, user }: ControlPrincipal): string {
  if (deviceId !== undefined) return `device:${deviceId}`;
  return user === undefined ? secretOf[method] : `user:${user}`;
}

/** Where a message or a fork comes from: a command line, or whoever chats. */
export function originOf({ client, principal }: ControlClient): { readonly kind: 'chat' | 'cli'; readonly by: string } {
  return { kind: client.mode === 'cli' ? 'cli' : 'chat', by: actorOf(principal) };
}
