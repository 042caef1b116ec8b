import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dockerIsRequired, withoutDocker } from '../../../../test/harness/docker.ts';
import { describeDriver } from '../driver.suite.ts';
import { createDockerPlace } from './docker-place.fixture.ts';

const log = { fileBytes: 2 ** 20, files: 3 };
/** Of its three files, the youngest grows a little over its bound before it is turned. */
const outputBytes = 6 * 2 ** 20;

test('Docker is there where it has to be', () =>
  assert.ok(withoutDocker === false || !dockerIsRequired, `OPENCLAW_TEST_REQUIRE names docker: ${withoutDocker}`));

describe('containers of a real engine', { skip: withoutDocker }, () => {
  if (withoutDocker === false) describeDriver({ name: 'docker', outputBytes, create: async () => createDockerPlace({ log }) });
});
