/**
 * The part of the schema that is about the port: where it is, who may call, what a browser may, what one caller can hold.
 * The rest, and what all of it is for, is in `schema.ts`.
 */
import { schema as s } from '@openclaw/protocol';

export const headerName = { pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", expects: 'a header name' };
/** What an HTTP header can carry without quoting; anything else would fail at the first request and not at start. */
export const headerText = { pattern: '^[\\x21-\\x7e]+$', expects: 'a text of visible ASCII characters without spaces' };
const networkAddress = {
  pattern: '^[0-9A-Fa-f:.]+(/\\d{1,3})?$',
  expects: "an address such as '10.0.0.5', or a network such as '10.0.0.0/8'",
};
const origin = { pattern: '^https?://[^\\s/?#@]+$', expects: "an origin such as 'https://claw.example.org', without a path" };
const hostName = {
  pattern: '^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\\[[0-9A-Fa-f:.]+\\])$',
  expects: "a host name such as 'claw.example.org', without a port",
};

const trustedProxy = s.object(
  {
    addresses: s.array(s.string({ description: 'An address or a network.', ...networkAddress }), {
      description: 'Addresses and networks of the proxy. Only what comes from there is believed.',
    }),
    userHeader: s.string({
      description: 'The header in which the proxy names the user that it has let in.',
      default: 'x-forwarded-user',
      ...headerName,
    }),
    requiredHeaders: s.array(s.string({ description: 'A header.', ...headerName }), {
      description: 'Headers that must be there too, as a sign that the request went through the proxy.',
    }),
    allowUsers: s.array(s.string({ description: 'A user.', minLength: 1 }), {
      description: 'Users who may call. Empty: everybody whom the proxy lets in.',
    }),
  },
  { description: 'The proxy in front of the gateway, with `mode: trusted-proxy`.' },
);

const auth = s.object(
  {
    mode: s.choice(['token', 'password', 'trusted-proxy', 'none'], {
      description:
        'How callers prove who they are: by a token, by a password, or by a proxy in front that has asked them. `none` is for loopback only. Absent, and only a password is given: `password`.',
      default: 'token',
    }),
    token: s.secret({
      description: 'The secret that callers send as `Authorization: Bearer` or `x-api-key`. Absent: the one made on the first start.',
      ...headerText,
    }),
    password: s.secret({ description: 'The same for mode `password`; a secret that people choose.', ...headerText }),
    trustedProxy,
  },
  { description: 'Who may call.' },
);

export const limits = s.object(
  {
    bodyBytes: s.bytes({ description: 'Largest body of a request; more is answered with 413.', default: 32 * 2 ** 20, minimum: 1024 }),
    heldBodyBytes: s.bytes({
      description:
        'Bodies of all requests to models, and whole answers on their way, that are held at once; never less than `bodyBytes`; more is answered with 503. Absent: a quarter of the memory that the process may use.',
      minimum: 1024,
    }),
    headerBytes: s.bytes({
      description: 'All headers of a request together; more is answered with 431.',
      default: 32 * 2 ** 10,
      minimum: 1024,
    }),
    connections: s.integer({ description: 'Open client connections; more are refused.', default: 10_000, minimum: 1 }),
    nestingDepth: s.integer({
      description: 'Levels of arrays and objects in a body; more is answered with 400.',
      default: 128,
      minimum: 8,
      maximum: 1000,
    }),
    headerTimeoutMs: s.durationMs({ description: 'Time for the headers of a request to arrive.', default: 15_000, minimum: 1 }),
    bodyTimeoutMs: s.durationMs({ description: 'Time for the whole body of a request to arrive.', default: 60_000, minimum: 1 }),
    keepAliveMs: s.durationMs({
      description: 'How long an idle client connection is kept. Longer than the 60 s after which load balancers give theirs up.',
      default: 75_000,
      minimum: 1,
    }),
  },
  { description: 'Bounds of what one caller can make the gateway hold.' },
);

const controlUi = s.object(
  {
    enabled: s.boolean({ description: 'Whether the Control UI is served at `/`.', default: true }),
    allowedOrigins: s.array(s.string({ description: 'An origin.', ...origin }), {
      description: 'Origins of pages, besides those of the gateway itself, that may open a connection from a browser.',
    }),
    allowedHosts: s.array(s.string({ description: 'A host name.', ...hostName }), {
      description:
        'Names, besides addresses and those of this machine, under which a browser may reach the gateway. Others are refused: it may be DNS rebinding.',
    }),
  },
  { description: 'What browsers may.' },
);

const tls = s.object(
  {
    enabled: s.boolean({ description: 'Serve https instead of http.', default: false }),
    certFile: s.string({
      description: 'The certificate and its chain, in PEM; relative to the configuration file. Together with `keyFile`.',
      minLength: 1,
    }),
    keyFile: s.string({ description: 'The private key of it, in PEM.', minLength: 1 }),
    selfSigned: s.boolean({
      description:
        'Without files: make a certificate for this gateway, kept in the state directory; its fingerprint is shown at the start.',
      default: true,
    }),
  },
  { description: 'Encryption of the port.' },
);

export const gateway = s.object(
  {
    port: s.integer({ description: 'TCP port; 0 takes any free one.', default: 18_789, minimum: 0, maximum: 65_535 }),
    bind: s.choice(['loopback', 'lan', 'custom'], {
      description: 'Where to listen: this machine only, every interface, or `customBindHost`.',
      default: 'loopback',
    }),
    customBindHost: s.string({ description: 'Address or host name to listen on, with `bind: custom`.', minLength: 1 }),
    auth,
    drainTimeoutMs: s.durationMs({
      description: 'Time that running streams get to end at shutdown. Below the 10 s after which `docker stop` kills.',
      default: 8000,
    }),
    handshakeTimeoutMs: s.durationMs({
      description: 'Time for a client of the control plane to introduce itself, after which its connection is closed.',
      default: 15_000,
      minimum: 1,
    }),
    controlUi,
    tls,
    limits,
  },
  { description: 'The port that everything is served on.' },
);
