/** The bounds of the control plane, all of which have a default. Those that clients are told stand in the protocol's `wireLimits`. */
import { wireLimits } from '@openclaw/protocol';

export interface ControlLimits {
  /** Connections that are not through the handshake; beyond it the oldest of them gives way. @default 512 */
  readonly waitingConnections: number;
  /** The same of one address (of IPv6: one /64), but for this machine, where proxies stand too. @default 32 */
  readonly waitingConnectionsPerAddress: number;
  /** Calls of one client that are not answered. @default 64 */
  readonly callsUnderWay: number;
  /** Bytes of the frames of all calls under way. @default 128 MiB */
  readonly heldFrameBytes: number;
  /** What may wait for one client that reads slowly. @default 52_428_800, as clients are told */
  readonly bufferedBytes: number;
  /** What may wait for all of them; from half of it on the one that is furthest behind is closed. @default 256 MiB */
  readonly bufferedTotalBytes: number;
  /** From here on a client gets no ticks, and nothing is read of it until it has caught up. @default 1 MiB */
  readonly behindBytes: number;
  /** @default 30_000 */
  readonly tickIntervalMs: number;
  /** @default 60_000 */
  readonly healthIntervalMs: number;
  /** Between pings, and from a ping that was written to the last moment of its pong. @default 25_000 */
  readonly pongWindowMs: number;
  /** How long a client that is behind may take nothing at all. @default 100_000 */
  readonly stalledMs: number;
  /** From a close frame to the end of the connection. @default 1_000 */
  readonly closeGraceMs: number;
  /** Writes to the control plane per minute, method, device and address. @default 30 */
  readonly writesPerMinute: number;
  /** Refused calls in a row before the client is closed. @default 10 */
  readonly forbiddenCallsInARow: number;
}

const mebibyte = 1024 * 1024;

export const controlLimitDefaults: ControlLimits = {
  waitingConnections: 512,
  waitingConnectionsPerAddress: 32,
  callsUnderWay: 64,
  heldFrameBytes: 128 * mebibyte,
  bufferedBytes: wireLimits.bufferedBytes,
  bufferedTotalBytes: 256 * mebibyte,
  behindBytes: mebibyte,
  tickIntervalMs: wireLimits.tickIntervalMs,
  healthIntervalMs: 60_000,
  pongWindowMs: 25_000,
  stalledMs: 100_000,
  closeGraceMs: 1000,
  writesPerMinute: 30,
  forbiddenCallsInARow: 10,
};
