/** Everything that the doctor goes by, as plain data: gathered on a machine by `gather.ts`, or recorded. Types only. */
import type { Mount } from '../../storage/filesystem.ts';

import type { SecurityFacts } from './security-facts.ts';

/** What went wrong, in the words of the error catalogue. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export interface ProcessFacts {
  readonly platform: string;
  readonly node: string;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** What this runs in, if that is anything but a machine. */
  readonly container: 'docker' | 'podman' | 'kubernetes' | 'container' | undefined;
  /** Who holds the state directory. */
  readonly owner:
    | { readonly pid: number; readonly host: string; readonly startedAt: string; readonly address: string | undefined }
    | undefined;
  /** Codes of the refused starts of the last ten minutes. */
  readonly refusals: readonly string[];
}

export interface StateFacts {
  readonly path: string;
  /** A variable or `default`. */
  readonly from: string;
  readonly exists: boolean;
  /** Why it cannot be written; absent where it can, or where it does not exist. */
  readonly unwritable: string | undefined;
  readonly ownerUid: number | undefined;
  /** The permission bits. */
  readonly mode: number | undefined;
  readonly mount: Mount | undefined;
  /** Why the database must not lie there, as a start would say. */
  readonly filesystemProblem: Problem | undefined;
  readonly freeBytes: number | undefined;
  readonly freeInodes: number | undefined;
  /** At the rate that the gateway has measured; undefined where it does not fill, or too little is known. */
  readonly daysUntilFull: number | undefined;
  readonly identity: { readonly id: string; readonly createdAt: string } | undefined;
}

export interface SettingsFacts {
  readonly port: number;
  readonly portFrom: string;
  readonly bind: string;
  readonly bindFrom: string;
  /** What it listens on. */
  readonly host: string;
  readonly authMode: string;
  /** Where the token or the password comes from; absent where there is none. */
  readonly secretFrom: string | undefined;
  readonly tls: boolean;
  /** Providers that have a key or an address, besides the rehearsal. */
  readonly providers: readonly string[];
}

export interface ConfigurationFacts {
  readonly file: string;
  readonly exists: boolean;
  /** Of a file that does not load. */
  readonly problems: readonly Problem[];
  readonly settings: SettingsFacts | undefined;
}

/** The answer to one request, or why there is none. */
export type Answer =
  | { readonly status: number; readonly body: Readonly<Record<string, unknown>> }
  | { readonly status: undefined; readonly reason: string };

export interface GatewayFacts {
  readonly url: string;
  /** By their paths, without a credential. */
  readonly probes: Readonly<Record<string, Answer>>;
  /** To `/health` with the credential of the configuration: with reasons if it was accepted. */
  readonly health: Answer;
  /** To a call that needs a credential, with that of the configuration. */
  readonly authorized: Answer;
}

/** Where a provider is, as this machine sees it. */
export interface HostFacts {
  readonly provider: string;
  readonly host: string;
  readonly port: number;
  /** What its name stands for; the name is an address itself where this is absent. */
  readonly lookup?: { readonly addresses: readonly string[]; readonly problem?: string; readonly tookMs: number };
  /** What it shows of itself over TLS; absent where it is asked without, or its name leads nowhere. */
  readonly certificate?: { readonly problem?: string; readonly issuer?: string; readonly validToMs?: number };
}

export interface NetworkFacts {
  readonly hosts: readonly HostFacts[];
  /** From resolv.conf. */
  readonly nameServers: readonly string[];
  /** Variables that name a proxy, and its address without credentials. */
  readonly proxies: readonly { readonly variable: string; readonly address: string }[];
  readonly noProxy: string | undefined;
}

/** What the port is served with, where it is HTTPS. */
export interface CertificateFacts {
  readonly file: string;
  readonly isOwn: boolean;
  readonly problem?: string;
  readonly validFromMs?: number;
  readonly validToMs?: number;
  readonly names?: string;
}

export interface SurroundingsFacts {
  /** The program that is process 1. */
  readonly firstProcess: string | undefined;
  readonly isRootReadOnly: boolean | undefined;
  /** Processors that the control group may use. */
  readonly processors: number | undefined;
  /** Variables that Kubernetes sets for a Service, and that look like settings of ours. */
  readonly serviceLinks: readonly string[];
  /** Of this program and of the gateway that answers. */
  readonly runningVersion: string | undefined;
}

export interface DiskFacts {
  /** What a few small writes that wait for the disk took in the state directory; absent where none can be made. */
  readonly sync: { readonly medianMs: number; readonly slowestMs: number } | undefined;
  /** Percent of the last minute in which some, or all, work waited for the disk; of the kernel (PSI). */
  readonly pressure: { readonly somePercent: number; readonly fullPercent: number } | undefined;
}

export interface Facts {
  /** Wall clock, milliseconds since 1970. */
  readonly atMs: number;
  readonly version: string;
  readonly process: ProcessFacts;
  readonly state: StateFacts;
  readonly configuration: ConfigurationFacts;
  /** Addresses on which something listens at the configured port; `undefined` where the system does not tell. */
  readonly listening: readonly string[] | undefined;
  /** Of whatever answers at the gateway's address. */
  readonly gateway: GatewayFacts;
  readonly network: NetworkFacts;
  /** Absent where HTTP is spoken. */
  readonly certificate: CertificateFacts | undefined;
  readonly surroundings: SurroundingsFacts;
  readonly disk: DiskFacts;
  /** Absent where the configuration does not load. */
  readonly security: SecurityFacts | undefined;
  readonly memory: { readonly of: string; readonly usedBytes: number; readonly limitBytes: number; readonly mayUseBytes: number };
}
