/**
 * Results that are too large for the journal, each in a file of its own: on the disk before the journal names it, under the hash of what is in
 * it, and gone when its run is.
 *
 * Which results those are, and what they mean, is `programs.ts`'s.
 */
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { StoredResult } from '@openclaw/protocol';
import { OpenClawError, reasonOf } from '../../core/errors.ts';

export interface ResultFiles {
  /** On the disk when it resolves. @throws OpenClawError `storage_full`, `storage_failed` */
  write(runId: string, text: string): Promise<StoredResult>;
  /** @throws OpenClawError `step_result_lost` where there is anything else than what was written */
  read(runId: string, stored: StoredResult): Promise<string>;
  /** Removes those of runs that are kept no more. @param kept which of these runs are @returns runs whose files are gone */
  sweep(kept: (runIds: readonly string[]) => Promise<ReadonlySet<string>>): Promise<number>;
}

/** Somebody has to make room; sooner nothing will have changed. */
const fullRetryMs = 60_000;
/** Runs that are asked about at once. */
const sweptTogether = 500;

/** @param directory made with the first of them, for its owner alone */
export function createResultFiles(directory: string): ResultFiles {
  const placeOf = (runId: string): string => join(directory, encodeURIComponent(runId));
  const fileOf = (runId: string, sha256: string): string => join(placeOf(runId), `${sha256}.json`);
  return {
    async write(runId, text) {
      const bytes = Buffer.from(text);
      const stored = { sha256: hashOf(bytes), bytes: bytes.length };
      try {
        await mkdir(placeOf(runId), { recursive: true, mode: 0o700 });
        await writeWhole(fileOf(runId, stored.sha256), bytes);
        // The directory may be new, and so may the one that it is in.
        for (const place of [placeOf(runId), directory, dirname(directory)]) await sync(place);
      } catch (thrown) {
        throw failureOf(thrown);
      }
      return stored;
    },
    async read(runId, { sha256, bytes }) {
      const file = fileOf(runId, sha256);
      const lost = (reason: string, cause?: unknown): OpenClawError =>
        new OpenClawError('step_result_lost', { details: { runId, file, reason }, cause });
      const found = await readFile(file).catch((thrown: unknown) => {
        throw lost(isCode(thrown, 'ENOENT') ? 'it is not there' : reasonOf(thrown), thrown);
      });
      if (found.length !== bytes) throw lost(`it has ${found.length} bytes, and ${bytes} were written`);
      if (hashOf(found) !== sha256) throw lost('it is not what was written');
      return found.toString();
    },
    async sweep(kept) {
      const there = await namesIn(directory);
      let swept = 0;
      for (let from = 0; from < there.length; from += sweptTogether) {
        const runIds = there.slice(from, from + sweptTogether).map(decodeURIComponent);
        const left = await kept(runIds);
        for (const runId of runIds.filter((id) => !left.has(id))) {
          await rm(placeOf(runId), { recursive: true, force: true });
          swept += 1;
        }
      }
      return swept;
    },
  };
}

/** After a power cut it is there whole or not at all. */
async function writeWhole(file: string, bytes: Buffer): Promise<void> {
  const unfinished = `${file}.part`;
  const handle = await open(unfinished, 'w', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, file);
}

async function sync(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (thrown) {
    if (isCode(thrown, 'ENOENT')) return [];
    throw thrown;
  }
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function failureOf(cause: unknown): OpenClawError {
  const details = { reason: reasonOf(cause) };
  if (isCode(cause, 'ENOSPC', 'EDQUOT')) return new OpenClawError('storage_full', { details, cause, retryAfterMs: fullRetryMs });
  return new OpenClawError('storage_failed', { details, cause });
}

function isCode(thrown: unknown, ...codes: readonly string[]): boolean {
  return thrown instanceof Error && 'code' in thrown && codes.some((code) => thrown.code === code);
}
