/**
 * The token that the gateway makes for itself on the first start, so that nobody runs it without one.
 * It is kept beside the configuration and not in it: that file stays the operator's own.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { withoutLastNewline } from '../core/env.ts';
import { readText } from './read-text.ts';

export function gatewayTokenFile(stateDirectory: string): string {
  return join(stateDirectory, 'credentials', 'gateway-token');
}

/** Makes the token (0600) unless there is one; returns the one that is there in the end. */
export function ensureGatewayToken(stateDirectory: string): { token: string; file: string; isNew: boolean } {
  const file = gatewayTokenFile(stateDirectory);
  const isNew = !existsSync(file) && createToken(file);
  return { token: withoutLastNewline(readText(file)), file, isNew };
}

/** False when another process was faster. The file appears whole or not at all: a link cannot replace. */
function createToken(file: string): boolean {
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(temporary, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx', flush: true });
  try {
    linkSync(temporary, file);
    return true;
  } catch (error) {
    if (existsSync(file)) return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}
