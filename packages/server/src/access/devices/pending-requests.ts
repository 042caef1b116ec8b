/**
 * Devices that ask to be let in and wait for an operator: in memory, bounded, for an hour.
 *
 * It reads and writes no database and decides about nobody: see `devices.ts`.
 */
import type { Clock } from '../../core/clock.ts';
import { networkOf } from '../failures.ts';
import type { PairingRequest } from './contract.ts';

export interface PendingLimits {
  /** Requests of everybody; more, and the oldest goes. @default 100 */
  readonly pendingRequests?: number;
  /** Requests from one address. @default 5 */
  readonly pendingPerAddress?: number;
  /** How long one waits. @default 3_600_000 */
  readonly pendingForMs?: number;
}

export const pendingDefaults = { pendingRequests: 100, pendingPerAddress: 5, pendingForMs: 3_600_000 } as const;

export interface PendingRequests {
  get(requestId: string): PairingRequest | undefined;
  /** Also of one whose time is over. */
  has(requestId: string): boolean;
  /** The oldest first, without those whose time is over. */
  list(): PairingRequest[];
  /** What the device asks for in this role. */
  find(deviceId: string, role: string): PairingRequest | undefined;
  /** Those whose time is over. */
  expired(): PairingRequest[];
  /** Those that must give way before one more from this address fits; `besides` goes anyway. */
  giveWay(address: string, besides: PairingRequest | undefined): PairingRequest[];
  add(request: PairingRequest): void;
  remove(requestId: string): void;
}

export function createPendingRequests(clock: Clock, options: PendingLimits = {}): PendingRequests {
  const { pendingRequests, pendingPerAddress, pendingForMs } = { ...pendingDefaults, ...options };
  const requests = new Map<string, PairingRequest>();
  const isOver = ({ createdAtMs }: PairingRequest): boolean => clock.now() - createdAtMs >= pendingForMs;
  const list = (): PairingRequest[] =>
    Array.from(requests.values())
      .filter((request) => !isOver(request))
      .sort((left, right) => left.createdAtMs - right.createdAtMs);

  return {
    get(requestId) {
      const request = requests.get(requestId);
      return request === undefined || isOver(request) ? undefined : request;
    },
    has: (requestId) => requests.has(requestId),
    list,
    find: (deviceId, role) => list().find((request) => request.deviceId === deviceId && request.role === role),
    expired: () => Array.from(requests.values()).filter(isOver),
    giveWay(address, besides) {
      const others = list().filter((request) => request !== besides);
      const network = networkOf(address);
      const neighbours = others.filter(({ remoteIp }) => networkOf(remoteIp) === network);
      const going = new Set(neighbours.slice(0, Math.max(0, neighbours.length + 1 - pendingPerAddress)));
      const staying = others.filter((request) => !going.has(request));
      for (const request of staying.slice(0, Math.max(0, staying.length + 1 - pendingRequests))) going.add(request);
      return Array.from(going);
    },
    add: (request) => void requests.set(request.requestId, request),
    remove: (requestId) => void requests.delete(requestId),
  };
}
