/** What a diagnosis is made of: a lookout asks, a collector makes evidence of the answers, rules judge the evidence, a ranking says which to believe. Types only. */
import type { JsonValue } from '../../core/json.ts';
import type { Evidence, Quote } from './evidence.ts';

/**
 * The one way to the outside, live or from a recording: raw answers, as JSON. It only looks.
 *
 * Of Docker: `object` is one answer as data, `objects` a stream of them, `frames` output as `{ stream, text }[]` and `text` output of a terminal, both with the
 * engine's time before each line; `entry` is one file or folder of a container as `EntryAnswer`, by the path of its archive.
 * Of systemd, by the name of a unit: `properties` is what `systemctl show` prints, `journal` are its last lines as objects, one a line.
 * Of the host: `text` is a file, `stat` and `room` what the system says of a path (`StatAnswer`, `RoomAnswer`), `names` the first of what lies in a folder.
 */
export interface Lookout {
  /** When it was looked at; of a recording, then. */
  readonly atMs: number;
  /** @throws NotSeen */
  ask(question: Question): Promise<JsonValue>;
}

export type Question =
  | {
      readonly from: 'docker';
      readonly as: 'object' | 'objects' | 'frames' | 'text' | 'entry';
      readonly path: string;
      readonly query?: Readonly<Record<string, string | number>>;
    }
  | {
      readonly from: 'kubernetes';
      readonly as: 'object' | 'text';
      readonly path: string;
      readonly query?: Readonly<Record<string, string>>;
    }
  | { readonly from: 'systemd'; readonly as: 'properties' | 'journal'; readonly path: string }
  | { readonly from: 'host'; readonly as: 'text' | 'stat' | 'room' | 'names'; readonly path: string };

/** One cause. Silent where it is not; it judges by evidence alone. */
export interface Rule {
  /** In kebab case, the name of its file. */
  readonly id: string;
  /** The cause, in a few words. */
  readonly title: string;
  /** What happens, and why it makes a container end. One or two sentences, for the docs. */
  readonly why: string;
  /** What it is told by, for the docs. */
  readonly signs: string;
  /** What mends it in general, for the docs. */
  readonly mends: string;
  judge(evidence: Evidence): Suspicion | Acquittal | undefined;
}

/**
 * How sure: 90 and more where the program or the platform says the cause itself and the end fits; 70 where independent signs agree; 50 where one sign
 * does; 30 where nothing speaks against it. The more independent signs, the more.
 */
export interface Suspicion {
  readonly weight: number;
  /** One sentence, with the numbers of this case. */
  readonly says: string;
  /** The matching lines, most telling first; at least one. */
  readonly because: readonly Quote[];
  /** What mends it, the exact command or edit among it. */
  readonly remedy: readonly string[];
  readonly disprovedBy: string;
}

/** Somebody would think of this cause, and it is not: why. */
export interface Acquittal {
  readonly notBecause: string;
}

export interface Diagnosis {
  readonly evidence: Evidence;
  /** Something is broken: it restarts, has failed, is unhealthy, or never began. */
  readonly broken: boolean;
  /** How it is, in one sentence. */
  readonly summary: string;
  /** The most likely first, at most three. */
  readonly causes: readonly (Suspicion & Pick<Rule, 'id' | 'title' | 'why'>)[];
  readonly ruledOut: readonly { readonly id: string; readonly title: string; readonly reason: string }[];
  readonly unseen: Evidence['unseen'];
}
