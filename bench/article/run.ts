/**
 * Runs the Python of a public article on gateway crashes, block by block, against the gateway, with a chaos upstream behind it.
 *
 *     npm run article
 *
 * The blocks (`1-please-crash.py` and on) are as they were published; `drive.py` gives them what they name, injects the faults and says
 * what each of them did. Without Python, or without a network to install its two packages, it says so and does nothing.
 */
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Front, type Stage, type UpstreamProcess, withStage } from '../chaos/stage.ts';
import { installPackages, python } from './install.ts';

const frontOptions = {
  models: {
    routes: { 'your-model': { targets: ['p0/mock-model'] } },
    retry: { attempts: 3, baseDelayMs: 100 },
    breaker: { openMs: 250 },
  },
};

async function run(stage: Stage): Promise<number> {
  const upstream = await stage.upstream();
  const gateways = [await stage.front([upstream], frontOptions)];
  // The article's agent survives a gateway that dies, so one has to.
  const control = createServer((request, response) => {
    const change = request.url === '/kill' ? kill(gateways) : restart(stage, upstream, gateways);
    void change.then((address) => response.end(address));
  });
  await new Promise<void>((resolve) => control.listen(0, '127.0.0.1', resolve));
  const env = {
    PATH: process.env['PATH'] ?? '',
    GATEWAY: JSON.stringify(addressOf(gateways)),
    CHAOS: `http://127.0.0.1:${upstream.port}/chaos`,
    CONTROL: `http://127.0.0.1:${(control.address() as AddressInfo).port}`,
    PYTHONUNBUFFERED: '1',
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const child = spawn(python, [join(import.meta.dirname, 'drive.py')], { stdio: 'inherit', env });
  const code = await new Promise<number>((resolve) => child.once('exit', (status) => resolve(status ?? 1)));
  control.close();
  return code;
}

async function kill(gateways: readonly Front[]): Promise<string> {
  await gateways.at(-1)?.kill();
  return '{}';
}

async function restart(stage: Stage, upstream: UpstreamProcess, gateways: Front[]): Promise<string> {
  await kill(gateways);
  gateways.push(await stage.front([upstream], frontOptions));
  return JSON.stringify(addressOf(gateways));
}

function addressOf(gateways: readonly Front[]): object {
  const address = gateways.at(-1)?.address;
  return { url: `http://127.0.0.1:${address?.port}/v1`, token: address?.headers['authorization']?.replace('Bearer ', '') };
}

const reason = installPackages();
if (reason === undefined) process.exitCode = await withStage({ side: 'gateway', quick: false, relay: 'bare relay' }, run);
else console.log(`Skipped: ${reason}`);
process.exit();
