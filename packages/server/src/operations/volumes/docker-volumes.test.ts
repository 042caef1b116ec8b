import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { docker, dockerIsRequired, makeTestImage, withoutDocker } from '../../../test/harness/docker.ts';
import { Engine } from '../../docker-engine/engine.ts';
import { usualSocket } from '../../docker-engine/place.ts';
import { listDockerVolumes, orphansOf, planPrune, removeVolumes, type DockerVolume } from './docker-volumes.ts';

const volume = (over: Partial<DockerVolume>): DockerVolume => ({
  ...{ name: 'v', isAnonymous: false, driver: 'local', createdAt: undefined, bytes: 0, holdsState: 'no', usedBy: [] },
  ...over,
});
const hash = 'a'.repeat(64);

test('by itself only a volume without a name goes that was looked into and holds no state', () => {
  const all = [
    volume({ name: hash, isAnonymous: true }),
    volume({ name: 'named' }),
    volume({ name: 'b'.repeat(64), isAnonymous: true, holdsState: 'yes' }),
    volume({ name: 'c'.repeat(64), isAnonymous: true, holdsState: 'unknown' }),
    volume({ name: 'used', usedBy: ['web'] }),
  ];
  const names = (plan: { readonly go: readonly DockerVolume[] }): readonly string[] => plan.go.map(({ name }) => name);
  assert.deepEqual(names(planPrune(all, { names: [], all: false })), [hash]);
  assert.deepEqual(names(planPrune(all, { names: [], all: true })), [hash, 'named']);
  assert.deepEqual(names(planPrune(all, { names: ['b'.repeat(64)], all: false })), ['b'.repeat(64)]);
  assert.throws(() => planPrune(all, { names: ['used'], all: true }), { code: 'volume_kept', message: /used by web/ });
  assert.throws(() => planPrune(all, { names: ['nowhere'], all: true }), { code: 'volume_kept' });
});

test('Docker is there where it has to be', () =>
  assert.ok(withoutDocker === false || !dockerIsRequired, `OPENCLAW_TEST_REQUIRE names docker: ${withoutDocker}`));

describe('volumes of a real engine', { skip: withoutDocker }, () => {
  test('orphans are told from volumes in use, states are seen, and what is used stays whatever is asked', async () => {
    const image = makeTestImage();
    const prefix = `openclaw-test-volumes-${process.pid}`;
    const [empty, state, used] = ['empty', 'state', 'used'].map((name) => `${prefix}-${name}`) as [string, string, string];
    const container = `${prefix}-container`;
    const engine = new Engine(usualSocket);
    try {
      for (const name of [empty, state, used]) docker('volume', 'create', name);
      docker('run', '--rm', '-v', `${state}:/v`, image, 'sh', '-c', 'mkdir -p /v/state && echo {} > /v/state/identity.json');
      // Never started: it uses its volume all the same.
      docker('create', '--name', container, '-v', `${used}:/v`, image, 'true');
      const own = (await listDockerVolumes(engine)).filter(({ name }) => name.startsWith(prefix));
      assert.deepEqual(
        own.map(({ name, holdsState, usedBy }) => ({ name, holdsState, usedBy })),
        [
          { name: empty, holdsState: 'no', usedBy: [] },
          { name: state, holdsState: 'yes', usedBy: [] },
          { name: used, holdsState: 'unknown', usedBy: [container] },
        ],
      );
      assert.deepEqual(
        orphansOf(own).map(({ name }) => name),
        [empty, state],
      );
      const plan = planPrune(own, { names: [], all: true });
      assert.deepEqual(
        plan.go.map(({ name }) => name),
        [empty],
      );
      // As if it had come into use after it was shown.
      const done = await removeVolumes(engine, own);
      assert.deepEqual(done.removed, [empty, state]);
      assert.deepEqual(done.refused, [{ name: used, reason: 'a container uses it by now' }]);
      assert.equal(docker('volume', 'ls', '-q', '--filter', `name=${prefix}`), used);
    } finally {
      engine.close();
      docker('rm', '-f', container);
      docker('volume', 'rm', '-f', empty, state, used);
    }
  });
});
