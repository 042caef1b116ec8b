/**
 * Ends of steps in files of one directory, one each, until the gateway has written them down. A file is whole or not there, also after a power cut:
 * it is written beside, synced, and renamed.
 *
 * Of the programs on one machine each needs its own directory only where they have the same run open at once, which the gateway refuses anyway.
 */
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Spool, SpooledStep } from '../runs/spool.ts';

/** @param directory made where it is not there, readable by its owner alone */
export function createFileSpool(directory: string): Spool {
  const nameOf = (runId: string, step: number): string => `${encodeURIComponent(runId)}.${step}.json`;
  /** Runs whose half files, of a process that died, were looked for. */
  const cleaned = new Set<string>();
  return {
    isDurable: true,
    async put(entry) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const name = nameOf(entry.runId, entry.step);
      const temporary = join(directory, `${name}.part`);
      const file = await open(temporary, 'w', 0o600);
      try {
        await file.writeFile(JSON.stringify(entry));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, join(directory, name));
      await syncDirectory(directory);
    },
    async list(runId) {
      const prefix = `${encodeURIComponent(runId)}.`;
      const ofRun = (await namesIn(directory)).filter((name) => name.startsWith(prefix));
      if (!cleaned.has(runId)) for (const name of ofRun) if (name.endsWith('.part')) await rm(join(directory, name), { force: true });
      cleaned.add(runId);
      const names = ofRun.filter((name) => name.endsWith('.json'));
      const entries = await Promise.all(
        names.map(async (name) => JSON.parse(await readFile(join(directory, name), 'utf8')) as SpooledStep),
      );
      return entries.sort((one, other) => one.step - other.step);
    },
    remove: (runId, step) => rm(join(directory, nameOf(runId, step)), { force: true }),
  };
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Without it the new name may be lost with the power. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
