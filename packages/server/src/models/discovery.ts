/**
 * Finds model servers on this machine: asks the usual ports on loopback for their list of models, all at once and briefly.
 *
 * Whatever else listens there is not taken for one: only a list of models in OpenAI's form counts, and what the server says of
 * itself decides what it is, not its port. It sends no credentials, follows no redirect, and asks no other machine.
 */
import type { IncomingMessage } from 'node:http';
import { get } from '../core/node-http.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { vendors } from './catalogue/index.ts';

export interface DiscoveredModel {
  readonly id: string;
  readonly contextWindow?: number;
}

export interface LocalServer {
  /** A name for it as a provider: the vendor's, or `local`; with the port where another has that name. */
  readonly id: string;
  /** The vendor of the catalogue whose server it is; absent for another server that speaks openai-completions. */
  readonly vendor?: string;
  readonly port: number;
  readonly baseUrl: string;
  /** Never empty: a server that lists none is not reported. */
  readonly models: readonly DiscoveredModel[];
}

/** The answer to one question; `undefined` where nobody answered in time with a status of 200 and a body of that size. */
export type AskLocal = (question: LocalQuestion) => Promise<LocalAnswer | undefined>;

export interface LocalQuestion {
  readonly port: number;
  readonly path: string;
  readonly signal: AbortSignal;
  readonly limitBytes: number;
}

export interface LocalAnswer {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface DiscoveryOptions {
  /** Ends the search; what was found by then is returned. */
  signal?: AbortSignal;
  /** For each port. A server on the same machine answers in a few milliseconds, unless it is loading a model. @default 500 */
  timeoutMs?: number;
  /** Larger answers are not read. Ollama's list grows by 100 bytes a model. @default 1 MiB */
  limitBytes?: number;
  /** @default those of the catalogue's local vendors */
  ports?: readonly number[];
  /** Ports that are not asked: the gateway's own. */
  ignorePorts?: readonly number[];
  ask?: AskLocal;
}

export const discoveryDefaults = {
  timeoutMs: 500,
  limitBytes: 1024 * 1024,
  ports: vendors.flatMap((vendor) => vendor.localPorts ?? []),
  ignorePorts: [] as readonly number[],
} as const;

/** Models taken from one server. More than anybody installs; keeps a hostile list from filling memory. */
const modelLimit = 1000;

/** @returns the servers that were found, in the order of the ports */
export async function discoverLocalServers(options: DiscoveryOptions = {}): Promise<LocalServer[]> {
  const { timeoutMs, limitBytes, ports, ignorePorts } = { ...discoveryDefaults, ...options };
  const ask = options.ask ?? askLoopback;
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  const asked = ports.filter((port) => !ignorePorts.includes(port));
  const found = await Promise.all(
    asked.map(async (port) => {
      const answer = await ask({ port, path: '/v1/models', signal, limitBytes });
      return answer && recognize(port, answer);
    }),
  );
  return nameApart(found.filter((server) => server !== undefined));
}

type Recognized = Omit<LocalServer, 'id'>;

function recognize(port: number, { headers, body }: LocalAnswer): Recognized | undefined {
  const rows = readModelList(body);
  const models = rows?.flatMap(readModel).slice(0, modelLimit) ?? [];
  if (!rows || models.length === 0) return undefined;
  const vendor = recognizeVendor(rows, headers['server']);
  return { ...(vendor !== undefined && { vendor }), port, baseUrl: `http://127.0.0.1:${port}/v1`, models };
}

/** The rows, if this is a list of models and not some other JSON. */
function readModelList(body: string): readonly JsonObject[] | undefined {
  let list: unknown;
  try {
    list = JSON.parse(body);
  } catch {
    // Another program's page: that is what this function is to find out.
    return undefined;
  }
  if (!isJsonObject(list) || list['object'] !== 'list' || !Array.isArray(list['data'])) return undefined;
  const rows = list['data'].filter(isJsonObject);
  return rows.length === list['data'].length && rows.every((row) => row['object'] === 'model') ? rows : undefined;
}

/** Printable, without white space and short: ids end up in terminals, logs and URLs. */
const plausibleId = /^[\x21-\x7e]{1,256}$/;

/** LM Studio, which lists them beside the others and ships with one, marks models that only embed so. */
const embedsOnly = /^text-embedding-/;

function readModel(row: JsonObject): DiscoveredModel[] {
  const id = row['id'];
  if (typeof id !== 'string' || !plausibleId.test(id) || embedsOnly.test(id)) return [];
  const meta = row['meta'];
  // vLLM says `max_model_len`; llama.cpp says `meta.n_ctx`. Its `n_ctx_train` is what the model could do, not what is loaded.
  const contextWindow = row['max_model_len'] ?? (isJsonObject(meta) ? meta['n_ctx'] : undefined);
  return [typeof contextWindow === 'number' && contextWindow > 0 ? { id, contextWindow } : { id }];
}

/** By what the server says of itself. Ollama owns models as `library` or by their author's name, but puts a tag on each. */
function recognizeVendor(rows: readonly JsonObject[], serverHeader: string | string[] | undefined): string | undefined {
  const everyOwner = (owner: string): boolean => rows.every((row) => row['owned_by'] === owner);
  if (serverHeader === 'llama.cpp' || everyOwner('llamacpp')) return 'llamacpp';
  // LoRA adapters are listed beside the model that they belong to, all owned by vLLM.
  if (everyOwner('vllm')) return 'vllm';
  if (everyOwner('organization_owner')) return 'lmstudio';
  const tagged = rows.every((row) => typeof row['id'] === 'string' && /:[\w.-]+$/.test(row['id']));
  if (tagged && rows.some((row) => row['owned_by'] === 'library')) return 'ollama';
  return undefined;
}

function nameApart(servers: readonly Recognized[]): LocalServer[] {
  const taken = new Set<string>();
  return servers.map((server) => {
    const name = server.vendor ?? 'local';
    const id = taken.has(name) ? `${name}-${server.port}` : name;
    taken.add(id);
    return { id, ...server };
  });
}

/** One GET on a connection of its own. That nobody answers is the usual case, and not an error. */
function askLoopback({ port, path, signal, limitBytes }: LocalQuestion): Promise<LocalAnswer | undefined> {
  return new Promise((resolve) => {
    const nobody = (): void => resolve(undefined);
    const request = get(
      { host: '127.0.0.1', port, path, signal, agent: false, headers: { accept: 'application/json' }, maxHeaderSize: 16 * 1024 },
      (response) => {
        if (response.statusCode !== 200) {
          request.destroy();
          nobody();
          return;
        }
        readBody(response, limitBytes).then((body) => {
          request.destroy();
          resolve(body === undefined ? undefined : { headers: response.headers, body });
        }, nobody);
      },
    );
    request.on('error', nobody);
  });
}

async function readBody(response: IncomingMessage, limitBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limitBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
