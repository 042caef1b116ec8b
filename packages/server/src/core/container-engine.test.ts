import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findContainerEngine } from './container-engine.ts';

const id = '0c6e9d1b7c0c5d9de2f0ad1a3e1a1f8bb3a0c2d0c8b5d4d1b2c3d4e5f6a7b8c9';
/** Recorded in a container of Docker 20.10; the id is another. */
const docker = `1016 998 254:0 /var/lib/docker/containers/${id}/hostname /etc/hostname rw,relatime - ext4 /dev/vda rw\n`;

test('Docker and Podman are known by the files that they mount, with the id that commands take', () => {
  assert.deepEqual(findContainerEngine(docker, false), { kind: 'docker', id: '0c6e9d1b7c0c' });
  const podman = docker.replace('/var/lib/docker/containers', '/var/lib/containers/storage/overlay-containers');
  assert.deepEqual(findContainerEngine(podman, true), { kind: 'podman', id: '0c6e9d1b7c0c' });
});

test('a pod is known by its file of hosts, under whatever engine', () => {
  const pod = '1 2 8:1 /var/lib/kubelet/pods/3f/etc-hosts /etc/hosts rw - ext4 /dev/sda1 rw\n';
  assert.deepEqual(findContainerEngine(docker + pod, false), { kind: 'kubernetes' });
});

test('a machine that runs containers is none', () => {
  const host = `900 31 0:52 / /var/lib/docker/containers/${id}/mounts/shm rw - tmpfs shm rw\n901 31 0:53 / /var/lib/kubelet/pods/3f/volumes/x rw - tmpfs tmpfs rw\n`;
  assert.equal(findContainerEngine(host, false), undefined);
  assert.equal(findContainerEngine('', false), undefined);
});
