/**
 * A small service whose memory does what it is told: the program of `workload-config.yaml`, to see what OpenClaw makes of it. Plain JavaScript, no packages.
 *
 *     BEHAVIOUR=leak node payment-service.js        how it begins: steady, leak, cache, burst, connections, threads, fragments
 *     curl -X POST 127.0.0.1:8080/behaviour/cache   changes it
 *     curl 127.0.0.1:8080/                          one payment; PAYMENTS_PER_SECOND makes them by itself
 *     curl 127.0.0.1:8080/healthz
 */
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';

const environment = process.env;
const port = Number(environment.PORT ?? 8080);
const perSecond = Number(environment.PAYMENTS_PER_SECOND ?? 0);
/** Of one payment. */
const paymentBytes = Number(environment.PAYMENT_BYTES ?? 64 * 1024);
const cacheEntries = Number(environment.CACHE_ENTRIES ?? 1000);

const kept = new Map();
let payments = 0;
let behaviour = environment.BEHAVIOUR ?? 'steady';

/** In the old space of the heap, as objects of a program are, and touched, so that it counts. */
const receipt = () => ({ id: payments, lines: Array.from({ length: Math.ceil(paymentBytes / 8) }, (_, index) => payments + index / 2) });

const behaviours = {
  /** Everything is let go of. */
  steady: () => receipt(),
  /** The unbounded cache of the article: nothing is ever taken out. */
  leak: () => kept.set(payments, receipt()),
  /** A cache with an end: it fills, and stays. */
  cache() {
    kept.set(payments, receipt());
    if (kept.size > cacheEntries) kept.delete(kept.keys().next().value);
  },
  /** Every hundredth payment is a batch that is read whole. */
  burst: () => (payments % 100 === 0 ? Array.from({ length: 500 }, receipt).length : receipt()),
  /** A pool that never gets its connections back: each is one to this service itself. */
  connections: () =>
    kept.set(
      payments,
      connect({ port, host: '127.0.0.1' }).on('error', () => {}),
    ),
  /** A worker for each payment, and none ends. */
  threads: () => kept.set(payments, new Worker('setInterval(() => {}, 1000)', { eval: true })),
  /** Buffers of many sizes, of which every second is let go of: holes that nothing fits into. */
  fragments() {
    kept.set(payments, Buffer.allocUnsafeSlow(1024 + ((payments * 7919) % paymentBytes)).fill(1));
    if (payments % 2 === 0) kept.delete(payments - 1);
    if (kept.size > 20 * cacheEntries) kept.clear();
  },
};

function pay() {
  payments += 1;
  behaviours[behaviour]();
}

const server = createServer((request, response) => {
  const [, path, wanted] = request.url.split('/');
  const answer = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
  if (path === 'healthz') return answer(200, { ok: true });
  if (path === 'behaviour' && request.method === 'POST') {
    if (!Object.hasOwn(behaviours, wanted)) return answer(404, { error: `there is no ${wanted}`, known: Object.keys(behaviours) });
    behaviour = wanted;
    kept.clear();
    console.log(`behaviour: ${behaviour}`);
    return answer(200, { behaviour });
  }
  pay();
  return answer(200, { payments, behaviour });
});

if (!Object.hasOwn(behaviours, behaviour)) {
  console.error(`BEHAVIOUR is ${behaviour}; it may be ${Object.keys(behaviours).join(', ')}`);
  process.exit(2);
}
server.listen(port, () => console.log(`payment-service: port ${port}, behaviour ${behaviour}, ${perSecond} payments a second`));
if (perSecond > 0) setInterval(pay, 1000 / perSecond);
process.once('SIGTERM', () => {
  console.log(`payment-service: ends after ${payments} payments`);
  process.exit(0);
});
