/** What is deployed, and what a target makes of it. Types only. */

/** The gateway of this configuration, as it is to run elsewhere. */
export interface Deployment {
  readonly version: string;
  /** With its digest where one is known: a tag is somebody else's to move. */
  readonly image: string;
  readonly port: number;
  /** Whether it is to be reached from other machines than its own. */
  readonly isOpen: boolean;
  readonly memoryMib: number;
  /** Time that running streams get to end. Platforms kill later than that. */
  readonly drainTimeoutMs: number;
  /** On a machine; in the image it is always the same. */
  readonly stateDirectory: string;
  /** Which of the variables is what callers prove themselves by. */
  readonly credential: 'OPENCLAW_GATEWAY_TOKEN' | 'OPENCLAW_GATEWAY_PASSWORD';
  /** What is secret, by the names of variables: the credential, and keys of providers. It is written into `.env` alone. */
  readonly secrets: Readonly<Record<string, string>>;
}

export interface DeployFile {
  /** Below the directory that is written to. */
  readonly path: string;
  readonly text: string;
  /** 0600 on a file that holds secrets. */
  readonly isSecret?: boolean;
  readonly isProgram?: boolean;
}

export interface DeployTarget {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly title: string;
  /** Below `docs/deploy/`. */
  readonly page: string;
  /** Other than `defaultMemoryMib`, where the platform counts differently. */
  readonly files: (deployment: Deployment) => readonly DeployFile[];
  /** Lines to paste, from the directory that was written to. */
  readonly next: (deployment: Deployment) => readonly string[];
}

/** Where the state lies in the image. */
export const imageStateDirectory = '/home/node/.openclaw';
/** Of the image; nothing in it needs this very one. */
export const imageUser = { uid: 1000, gid: 1000 } as const;
/** From the end of the drain to the platform's patience: time to write what is left. */
export const graceMs = 15_000;

export function graceSeconds({ drainTimeoutMs }: Pick<Deployment, 'drainTimeoutMs'>): number {
  return Math.ceil((drainTimeoutMs + graceMs) / 1000);
}
