/** Runs a command of `openclaw` against an administration in memory, for tests. */
import { Command } from 'commander';
import type { CreateKeyRequest, KeyRecord, UpdateKeyRequest, UsageRow } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import { createFakeClock } from '../../core/fake-clock.ts';
import type { AdminClient, AdminCommandContext, UsageQuestion } from './admin-client.ts';

export interface CommandRun {
  readonly stdout: string;
  readonly stderr: string;
}

export interface AdminFixture {
  readonly keys: KeyRecord[];
  readonly rows: UsageRow[];
  /** What was asked of the gateway. */
  readonly wishes: CreateKeyRequest[];
  readonly changes: { readonly id: string; readonly wanted: UpdateKeyRequest }[];
  readonly questions: UsageQuestion[];
  /** @param columns the width of the terminal; undefined for a pipe */
  run(line: string, columns?: number): Promise<CommandRun>;
}

export function keyRecord(id: string, changes: Partial<KeyRecord> = {}): KeyRecord {
  return {
    id,
    name: 'ci',
    prefix: 'ock_abcdef',
    scopes: ['models'],
    models: null,
    state: 'active',
    createdAt: '2026-01-01T00:00:00.000Z',
    expiresAt: null,
    revokedAt: null,
    limits: { rpm: null, tpm: null, usdPerDay: null, usdPerMonth: null },
    used: null,
    ...changes,
  };
}

export function createAdminFixture(register: (program: Command, context: AdminCommandContext) => void): AdminFixture {
  const keys: KeyRecord[] = [];
  const rows: UsageRow[] = [];
  const wishes: CreateKeyRequest[] = [];
  const changes: { readonly id: string; readonly wanted: UpdateKeyRequest }[] = [];
  const find = (id: string): KeyRecord => {
    const key = keys.find((candidate) => candidate.id === id);
    if (key === undefined) throw new OpenClawError('key_not_found', { details: { keyId: id } });
    return key;
  };
  const questions: UsageQuestion[] = [];

  const admin: AdminClient = {
    listKeys: async () => keys,
    createKey: async (wanted) => {
      wishes.push(wanted);
      return { ...keyRecord('key_new', { name: wanted.name }), key: 'ock_abcdef-the-rest-of-it' };
    },
    getKey: async (id) => find(id),
    updateKey: async (id, wanted) => {
      changes.push({ id, wanted });
      return find(id);
    },
    revokeKey: async (id) => ({ ...find(id), state: 'revoked' }),
    usage: async (question) => {
      questions.push(question);
      return rows;
    },
  };

  return {
    keys,
    rows,
    wishes,
    changes,
    questions,
    async run(line, columns) {
      let stdout = '';
      let stderr = '';
      const out = { write: (text: string) => void (stdout += text), ...(columns === undefined ? {} : { isTTY: true, columns }) };
      const err = { write: (text: string) => void (stderr += text) };
      const program = new Command('openclaw').exitOverride().configureOutput({ writeOut: out.write, writeErr: err.write });
      register(program, { io: { stdout: out, stderr: err }, admin, clock: createFakeClock() });
      await program.parseAsync(line.split(' '), { from: 'user' });
      return { stdout, stderr };
    },
  };
}
