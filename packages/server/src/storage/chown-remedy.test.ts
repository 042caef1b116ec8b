import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chownRemedy } from './chown-remedy.ts';

const wish = { directory: '/home/node/.openclaw', uid: 99, gid: 100 };

test('on a machine it is a line for its shell', () => {
  assert.equal(chownRemedy(wish, undefined), 'Run: sudo chown -R 99:100 /home/node/.openclaw');
  assert.equal(chownRemedy({ ...wish, directory: '/data/my state' }, undefined), "Run: sudo chown -R 99:100 '/data/my state'");
});

test('in a container it is a line for the host, with the container and its image', () => {
  const tail = "--entrypoint chown $(docker inspect --format '{{.Config.Image}}' 0c6e9d1b7c0c) -R 99:100 /home/node/.openclaw";
  const line = `On the host run: docker run --rm --user 0 --volumes-from 0c6e9d1b7c0c ${tail}`;
  assert.equal(chownRemedy(wish, { kind: 'docker', id: '0c6e9d1b7c0c' }), line);
  assert.equal(chownRemedy(wish, { kind: 'podman', id: '0c6e9d1b7c0c' }), line.replaceAll('docker', 'podman'));
});

test('in a pod it is a setting of the pod', () => {
  assert.equal(
    chownRemedy(wish, { kind: 'kubernetes' }),
    'Set securityContext.fsGroup: 100 for the pod: its volumes then belong to that group',
  );
});
