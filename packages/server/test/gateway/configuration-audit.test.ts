/** The audit log names whoever changed the configuration, and the version that came of it. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AuditEntry } from '@openclaw/protocol';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';

async function changes(gateway: TestGateway): Promise<readonly string[]> {
  const { entries } = (await (await gateway.request('/admin/v1/audit?action=config.')).json()) as { entries: AuditEntry[] };
  return entries.map(({ actor, subject, detail }) => `${actor}, ${subject}: ${String(detail['changed'])}`);
}

test('each change of the configuration has its own author and version in the audit log', async () => {
  await using gateway = await startTestGateway();
  const { keeper } = gateway;
  const last = keeper.status.version ?? 0;
  await keeper.write({ text: "{ logging: { level: 'warn' } }", by: 'device:1' });
  await keeper.write({ text: "{ logging: { level: 'warn' } } // no setting", by: 'device:2' });
  await writeFile(join(gateway.stateDirectory, 'openclaw.json'), "{ logging: { level: 'error' } }");
  await keeper.look();
  await keeper.rollback(last + 1, 'cli');
  assert.deepEqual(await changes(gateway), [
    `rollback to ${last + 1} by cli, version ${last + 4}: logging.level`,
    `file, version ${last + 3}: logging.level`,
    `device:1, version ${last + 1}: logging.level`,
  ]);
});
