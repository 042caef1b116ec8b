/** Asks a unit once: over HTTP, by opening a connection, or by a command inside of it. Never throws: what cannot be asked has failed. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Probe } from '@openclaw/protocol';

export interface ProbeTarget {
  /** By which port of this machine's loopback a port of the container is reached. */
  readonly portOf: (port: number | string) => number | undefined;
  readonly run: (
    command: readonly string[],
    options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ) => Promise<{ readonly exitCode: number }>;
}

/** @param signal ends after the probe's timeout at the latest */
export async function probeOnce(probe: Probe, target: ProbeTarget, signal: AbortSignal): Promise<boolean> {
  try {
    if (probe.exec) {
      const { exitCode } = await target.run(probe.exec.command, { timeoutMs: (probe.timeoutSeconds ?? 1) * 1000, signal });
      return exitCode === 0;
    }
    const wanted = probe.httpGet?.port ?? probe.tcpSocket?.port;
    const port = wanted === undefined ? undefined : target.portOf(wanted);
    if (port === undefined) return false;
    return probe.httpGet
      ? await answers({ port, path: probe.httpGet.path, isTls: probe.httpGet.scheme === 'HTTPS' }, signal)
      : await opens(port, signal);
  } catch {
    // Refused, reset, too late, no such command: all of them are the answer no.
    return false;
  }
}

function answers({ port, path, isTls }: { port: number; path: string; isTls: boolean }, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      path,
      signal,
      agent: false,
      headers: { 'user-agent': 'openclaw-probe', connection: 'close' },
    };
    // As Kubernetes has it: whose certificate it is does not matter on the way to one's own program.
    const request = isTls ? httpsRequest({ ...options, rejectUnauthorized: false }) : httpRequest(options);
    request.on('response', (response) => {
      response.resume();
      request.destroy();
      resolve((response.statusCode ?? 500) >= 200 && (response.statusCode ?? 500) < 400);
    });
    request.on('error', reject);
    request.end();
  });
}

function opens(port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, signal });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', reject);
  });
}
