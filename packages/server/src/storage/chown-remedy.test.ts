import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chownRemedy } from './chown-remedy.ts';

const wish = { directory: '/home/node/.openclaw', uid: 99, gid: 100 };

test('on a machine it is a line for its shell', () => {
  assert.equal(chownRemedy(wish, { mountInfo: '', isContainer: false }), 'Run: sudo chown -R 99:100 /home/node/.openclaw');
  // Of a machine that runs Docker, with a container.
  const mountInfo = `900 31 0:52 / /var/lib/docker/containers/${'a'.repeat(64)}/mounts/shm rw - tmpfs shm rw\n`;
  assert.match(chownRemedy(wish, { mountInfo, isContainer: false }), /^Run: sudo chown/);
  assert.equal(
    chownRemedy({ ...wish, directory: '/data/my state' }, { mountInfo: '', isContainer: false }),
    "Run: sudo chown -R 99:100 '/data/my state'",
  );
});

test('in Docker it is a line for the host, which names the container that is looked at', () => {
  // Recorded in a container of Docker 20.10: docker run --rm debian grep hostname /proc/self/mountinfo
  const mountInfo =
    '1016 998 254:0 /var/lib/docker/containers/0c6e9d1b7c0c5d9de2f0ad1a3e1a1f8bb3a0c2d0c8b5d4d1b2c3d4e5f6a7b8c9/hostname /etc/hostname rw,relatime - ext4 /dev/vda rw\n';
  assert.match(
    chownRemedy(wish, { mountInfo, isContainer: true }),
    /^On the host run: docker run --rm --user 0 --volumes-from 0c6e9d1b7c0c --entrypoint chown \$\(docker inspect --format '\{\{\.Config\.Image\}\}' 0c6e9d1b7c0c\) -R 99:100 \/home\/node\/\.openclaw$/,
  );
});

test('in a pod it is a setting of the pod, and elsewhere in a container a directory of the host', () => {
  const mountInfo = '1 2 8:1 /var/lib/kubelet/pods/3f/etc-hosts /etc/hosts rw - ext4 /dev/sda1 rw\n';
  assert.equal(
    chownRemedy(wish, { mountInfo, isContainer: false }),
    'Set securityContext.fsGroup: 100 for the pod: its volumes then belong to that group',
  );
  assert.match(chownRemedy(wish, { mountInfo: '', isContainer: true }), /^On the host run: chown -R 99:100 on the directory/);
});
