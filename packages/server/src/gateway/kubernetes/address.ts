/** Reads the path of a request after Kubernetes' conventions. Whether there is something is not asked here. */
import { OpenClawError } from '../../core/errors.ts';

export interface Address {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** Undefined: in all of them, or none. */
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

/** A path that names a group, a version, or nothing. */
export interface DiscoveryPath {
  readonly root: 'api' | 'apis';
  readonly group?: string;
  readonly version?: string;
}

/** @throws OpenClawError `invalid_request` */
export function readPath(path: string): Address | DiscoveryPath | undefined {
  const [root, ...parts] = path.slice(1).replace(/\/$/, '').split('/').map(unescape);
  if (root === 'api') return readRest({ root, group: '' }, parts);
  if (root !== 'apis') return undefined;
  const [group, ...rest] = parts;
  return group === undefined ? { root } : readRest({ root, group }, rest);
}

function readRest(
  { root, group }: { readonly root: 'api' | 'apis'; readonly group: string },
  parts: readonly string[],
): Address | DiscoveryPath | undefined {
  const [version, first, ...rest] = parts;
  if (version === undefined) return root === 'api' ? { root } : { root, group };
  if (first === undefined) return { root, group, version };
  if (parts.some((part) => part === '')) return undefined;
  const [second, resource, name, ...below] = rest;
  if (first === 'namespaces' && second !== undefined && resource !== undefined)
    return withName({ group, version, resource, namespace: second }, name, below);
  return withName({ group, version, resource: first }, second, rest.slice(1));
}

function withName(address: Address, name: string | undefined, below: readonly string[]): Address | undefined {
  if (below.length > 1) return undefined;
  const [subresource] = below;
  return { ...address, ...(name === undefined ? {} : { name }), ...(subresource === undefined ? {} : { subresource }) };
}

function unescape(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw new OpenClawError('invalid_request', { details: { path: 'path', reason: 'must be escaped as in a URL' }, cause });
  }
}
