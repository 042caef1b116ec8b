import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeOf } from './place.ts';

test('a host of Docker is a socket or an address', () => {
  assert.equal(placeOf('unix:///run/user/1000/docker.sock'), '/run/user/1000/docker.sock');
  assert.equal(placeOf('/var/run/docker.sock'), '/var/run/docker.sock');
  assert.deepEqual(placeOf('tcp://10.0.0.7:2376'), { host: '10.0.0.7', port: 2376 });
  assert.deepEqual(placeOf('tcp://docker.internal'), { host: 'docker.internal', port: 2375 });
  assert.deepEqual(placeOf('http://[::1]:2375'), { host: '::1', port: 2375 });
});

test('a host that this client does not speak with is refused by its name', () => {
  for (const host of ['ssh://root@machine', 'npipe:////./pipe/docker_engine', 'docker', ''])
    assert.throws(() => placeOf(host), { code: 'docker_host_unsupported' }, host);
});
