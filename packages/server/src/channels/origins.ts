/** How a run says by which channel it came. Nobody else's name begins so: keys, devices and users have prefixes of their own. */
import type { RunOrigin } from '@openclaw/protocol';

const prefix = 'channel:';

export function nameOf(channelId: string): string {
  return `${prefix}${channelId}`;
}

/** @returns undefined for a run that came by another door */
export function channelOf({ by }: RunOrigin): string | undefined {
  return by.startsWith(prefix) ? by.slice(prefix.length) : undefined;
}
