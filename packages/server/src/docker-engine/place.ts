/** Where the engine is, as `DOCKER_HOST` and `docker --host` write it. */
import { OpenClawError } from '../core/errors.ts';
import type { EnginePlace } from './engine.ts';

export const usualSocket = '/var/run/docker.sock';
const usualPort = 2375;

/** @throws OpenClawError `docker_host_unsupported` */
export function placeOf(host: string): EnginePlace {
  if (host.startsWith('/')) return host;
  const unix = /^unix:\/\/(\/.*)$/.exec(host)?.[1];
  if (unix !== undefined) return unix;
  const { protocol, hostname, port } = URL.parse(host.replace(/^tcp:/, 'http:')) ?? { protocol: '', hostname: '', port: '' };
  if (protocol !== 'http:' || hostname === '') throw new OpenClawError('docker_host_unsupported', { details: { host } });
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? usualPort : Number(port) };
}
