/**
 * The gateway as a systemd user service: where its unit lies, and whether systemd has it. `gateway-install.ts` has the commands.
 */
import { readFileSync } from 'node:fs';
import { unitText as writeUnit, type UnitOptions } from '../../operations/deploy/unit.ts';

export type { UnitOptions };

export const unitName = 'openclaw-gateway.service';
/** By this line a unit is known to be ours, and may be replaced or removed. */
export const unitMark = '# Written by `openclaw gateway install`; changed by hand, it is left alone if this line is taken away.';

/** Of a user's own service. */
export function unitText(options: UnitOptions): string {
  return writeUnit(unitMark, options);
}

export interface ServiceState {
  readonly installed: boolean;
  readonly active: string | null;
  readonly unit: string;
  readonly description: string;
}

export interface ServiceContext {
  readonly unitFile: string;
  /** @returns what it printed, and its exit code; undefined where it is not there */
  readonly systemctl: (...words: string[]) => Promise<{ readonly stdout: string; readonly code: number } | undefined>;
}

export async function readServiceState({ unitFile, systemctl }: ServiceContext): Promise<ServiceState> {
  const installed = readUnit(unitFile) !== undefined;
  if (!installed) return { installed, active: null, unit: unitFile, description: 'not installed (`openclaw gateway install`)' };
  const answer = await systemctl('is-active', unitName);
  const active = answer?.stdout.trim() ?? '';
  return {
    installed,
    active: active === '' ? null : active,
    unit: unitFile,
    description: active === '' ? `installed, but systemd does not answer here (${unitFile})` : `${active} (${unitFile})`,
  };
}

export function readUnit(unitFile: string): string | undefined {
  try {
    return readFileSync(unitFile, 'utf8');
  } catch {
    // None is there, or none that we may see: nothing to replace or remove.
    return undefined;
  }
}
