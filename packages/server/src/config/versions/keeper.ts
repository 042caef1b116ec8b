/**
 * The one owner of the configuration in a running gateway: what holds, what was refused and why, and how a change comes into force.
 *
 * Nothing that stands in a file, or fails to, makes it throw: what held before goes on holding; at the start it is the last good version, and
 * with none it is rescue mode. Only a bind beyond loopback without auth is the starter's to refuse. It applies nothing: listeners do, and they
 * must not wait for the keeper's own `write` or `look`.
 */
import type { Clock, Timer } from '../../core/clock.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { needingRestart } from '../live.ts';
import type { Configuration } from '../load.ts';
import { removeLeftovers } from '../replace-file.ts';
import { createChanges, type Changes } from './changes.ts';
import type { AcceptedChange, ConfigurationKeeper, ConfigurationState, ConfigurationStatus } from './contract.ts';
import type { ConfigurationVersion, WriteRequest } from './contract.ts';
import { changesBetween } from './differences.ts';
import { createHistory, type History } from './history.ts';
import { followSecrets, type FollowedSecrets, type SettingSecret } from './followed-secrets.ts';
import { textsAt } from './last-good.ts';
import { reasonAgainstWriting } from './read-only.ts';
import { createReader, isRescueAskedFor, type Reader, type ReaderOptions, type Reading } from './reader.ts';
import type { Texts } from './secrets-in-text.ts';
import { hashOf } from './version-store.ts';
import { logStatus } from './status-log.ts';
import { watchFiles, type FileWatch, type FileWatchOptions } from './watch.ts';
import { prepareTexts, textNow } from './writing.ts';

export interface KeeperOptions extends Omit<ReaderOptions, 'secrets'> {
  readonly clock: Clock;
  /** Enters rescue mode on purpose. @default what OPENCLAW_RESCUE says */
  readonly rescue?: boolean;
  /** Ends the watch. */
  readonly signal?: AbortSignal;
  readonly timing?: KeeperTiming;
}

export interface KeeperTiming extends Pick<FileWatchOptions, 'quietMs' | 'patienceMs' | 'pollIntervalMs'> {
  /** A file that is bad is looked at again after this long before it is called so: it may be half-written. @default 300 */
  readonly settleMs?: number;
}

const settleDefaultMs = 300;
/** A writer that has not come to its end by then was killed. */
const leftoverMs = 60_000;

/** @throws OpenClawError `bind_without_auth` where the file, flags or variables ask for an open door, and nothing else */
export async function createConfigurationKeeper(options: KeeperOptions): Promise<ConfigurationKeeper> {
  const keeper = new Keeper(options);
  await keeper.open();
  return keeper;
}

class Keeper implements ConfigurationKeeper {
  readonly #options: KeeperOptions;
  readonly #secrets: FollowedSecrets;
  readonly #reader: Reader;
  readonly #history: History;
  readonly #changes: Changes;
  readonly #statusListeners = new Set<(status: ConfigurationStatus) => void>();
  /** What is in force, and what was at the start: settings that need a restart are compared with that. */
  #current: Configuration | undefined;
  #atStart: Configuration | undefined;
  #version: number | undefined;
  #state: ConfigurationState = 'rescue';
  #problem: OpenClawError | undefined;
  #appliedHash: string | undefined;
  #fileHash: string | undefined;
  #needsRestart: readonly string[] = [];
  /** There has been a file, so one that is missing is not to be taken for none. */
  #wasThere = false;
  /** What the files looked like when the verdict fell. Empty: whatever they look like now, look again. */
  #judged = '';
  /** Looking again at the same files would come to the same verdict. */
  #isFinal = false;
  /** An operator asked for the rescue mode, so the file as it is does not end it. */
  #isRescueWanted = false;
  /** What a bad file looked like at the first look. */
  #suspect: string | undefined;
  #again: Timer | undefined;
  /** Why the version in force could not be kept, until it has been said. */
  #unkept: string | undefined;
  #watch: FileWatch | undefined;
  #log: Log | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: KeeperOptions) {
    this.#options = options;
    const { environment, flags, vendors, clock } = options;
    this.#secrets = followSecrets({ clock, log: () => this.#log, onRotated: () => this.#lookForRotated() });
    const secrets = this.#secrets.store;
    this.#reader = createReader({ environment, secrets, ...(flags ? { flags } : {}), ...(vendors ? { vendors } : {}) });
    this.#history = createHistory(this.#reader.stateDirectory, clock);
    this.#changes = createChanges({ file: this.#reader.file, log: () => this.#log });
    options.signal?.addEventListener('abort', () => void this.close(), { once: true });
  }

  get current(): Configuration | undefined {
    return this.#current;
  }

  get status(): ConfigurationStatus {
    return {
      state: this.#state,
      problem: this.#problem,
      file: this.#reader.file,
      isReadOnly: reasonAgainstWriting(this.#reader.file) !== undefined,
      appliedHash: this.#appliedHash,
      fileHash: this.#fileHash,
      version: this.#version,
      needsRestart: this.#needsRestart,
    };
  }

  secrets(): readonly SettingSecret[] {
    return this.#secrets.list();
  }

  /** @throws OpenClawError `bind_without_auth` */
  async open(): Promise<void> {
    this.#removeLeftovers();
    if (this.#options.rescue ?? isRescueAskedFor(this.#options.environment)) {
      this.#fileHash = this.#reader.hash();
      this.#isRescueWanted = true;
      this.#judge(this.#reader.stamp(), true);
      return;
    }
    const lastGood = this.#history.lastGood();
    this.#wasThere = lastGood?.file === this.#reader.file;
    const { found, stamp } = await this.#read();
    if (!(found instanceof OpenClawError)) return this.#begin(found, stamp);
    const unsafe = [found, ...found.others].find(({ code }) => code === 'bind_without_auth');
    if (unsafe) throw unsafe;
    const fallback = lastGood && (await this.#reader.load(textsAt(this.#reader.file, lastGood.texts)));
    if (fallback && !(fallback instanceof OpenClawError)) {
      [this.#state, this.#version] = ['lastGood', lastGood.version];
      this.#use(fallback);
    }
    this.#refuse(found, { stamp, isFinal: false });
  }

  /** The file is good at the start; it may have been changed while no gateway ran. */
  async #begin(found: Configuration, stamp: string): Promise<void> {
    const texts = this.#history.lastGood()?.texts;
    const before = texts && textsAt(this.#reader.file, texts);
    const isSame = before && JSON.stringify([...before]) === JSON.stringify([...found.texts]);
    const loaded = before && !isSame ? await this.#reader.load(before) : found;
    const changed = loaded instanceof OpenClawError ? [] : changesBetween(loaded, found);
    await this.#putInForce(found, { by: 'start', changed, stamp });
  }

  start(log: Log): void {
    this.#log = log;
    logStatus(log, this.status);
    this.#logUnkept(log);
    const { clock, timing = {}, signal } = this.#options;
    if (signal?.aborted) return;
    this.#watch = watchFiles({
      clock,
      ...timing,
      onChange: () => this.#glance(),
      onTrouble: (reason) => log.debug('changes of files are found by looking for them', { reason }),
    });
    this.#watch.follow(this.#reader.followed);
  }

  look(): Promise<void> {
    return this.#exclusive(() => this.#examine(true));
  }

  readText(): string | undefined {
    return this.#reader.text();
  }

  async check(text: string): Promise<readonly OpenClawError[]> {
    const found = await this.#reader.load(new Map([[this.#reader.file, text]]));
    return found instanceof OpenClawError ? [found, ...found.others] : [];
  }

  write({ text, by, baseHash }: WriteRequest): Promise<ConfigurationVersion> {
    return this.#exclusive(async () => {
      if (baseHash !== undefined && baseHash !== this.#reader.hash()) throw this.#conflict();
      return this.#put(new Map([[this.#reader.file, text]]), by);
    });
  }

  rollback(version: number, by: string): Promise<ConfigurationVersion> {
    return this.#exclusive(async () => {
      const now = new Map([...this.#reader.followed].map((file) => [file, textNow(file) ?? ''] as const));
      const sources = this.#current ? [now, this.#current.texts] : [now];
      const texts = await this.#history.restore(version, { file: this.#reader.file, sources });
      return this.#put(texts, `rollback to ${version} by ${by}`);
    });
  }

  versions(): readonly ConfigurationVersion[] {
    return this.#history.versions();
  }

  versionText(version: number): string {
    return this.#history.text(version);
  }

  onAccepted(listener: (change: AcceptedChange) => Promise<void>): () => void {
    return this.#changes.add(listener);
  }

  onStatus(listener: (status: ConfigurationStatus) => void): () => void {
    this.#statusListeners.add(listener);
    return () => void this.#statusListeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#watch?.close();
    this.#again?.cancel();
    this.#secrets.close();
    await this.#queue;
  }

  /** One look at the files; `isVerdict`: what is bad now is bad, and need not be looked at again. */
  async #examine(isVerdict: boolean): Promise<void> {
    // A file that was refused is read anew each time: what it lacks may lie where nobody watches.
    const isDone = this.#isFinal && this.#reader.stamp() === this.#judged;
    if (isDone && !isVerdict) return;
    const { found, stamp } = await this.#read();
    if (!(found instanceof OpenClawError)) return this.#accept(found, stamp);
    const isCertain = isVerdict || this.#problem?.message === found.message || (stamp !== '' && this.#suspect === stamp);
    if (isCertain) this.#refuse(found, { stamp, isFinal: this.#isRescueWanted });
    else this.#lookAgain(stamp);
  }

  /** A secret that lies elsewhere is another one, which no file shows. */
  #lookForRotated(): void {
    this.#judged = '';
    void this.#glance();
  }

  #lookAgain(stamp: string): void {
    this.#suspect = stamp;
    this.#again?.cancel();
    const { clock, timing } = this.#options;
    this.#again = clock.after(timing?.settleMs ?? settleDefaultMs, () => void this.#glance());
  }

  /** What was read is good: puts it in force, unless it is what is in force. */
  async #accept(found: Configuration, stamp: string): Promise<void> {
    const current = this.#current;
    if (current?.digest === found.digest && changesBetween(current, found).length === 0) {
      const isNews = this.#state !== 'current' || this.#problem !== undefined;
      this.#fileHash = this.#reader.hash();
      // The same to everybody; it may know by now which token the gateway has made for itself.
      this.#current = found;
      this.#secrets.follow(found);
      [this.#state, this.#problem] = ['current', undefined];
      this.#judge(stamp, true);
      if (isNews) this.#tell();
      return;
    }
    try {
      const changed = await this.#changes.apply(found, current);
      await this.#putInForce(found, { by: 'file', changed, stamp });
    } catch (thrown) {
      if (!(thrown instanceof OpenClawError)) throw thrown;
      // To apply the same again would fail again, and disturb what runs each time.
      this.#refuse(thrown, { stamp, isFinal: true });
    }
  }

  #refuse(problem: OpenClawError, { stamp, isFinal }: { stamp: string; isFinal: boolean }): void {
    const isNews = this.#problem?.message !== problem.message;
    this.#problem = problem;
    this.#fileHash = this.#reader.hash();
    if (this.#state === 'current') this.#state = 'refused';
    this.#judge(stamp, isFinal);
    if (isNews) this.#tell();
  }

  /** @throws OpenClawError and nothing has changed then */
  async #put(texts: Texts, by: string): Promise<ConfigurationVersion> {
    const before = this.readText();
    const loaded = await this.#reader.load(texts);
    if (loaded instanceof OpenClawError) throw loaded;
    const found: Configuration = Object.freeze({ ...loaded, exists: true });
    if (this.readText() !== before) throw this.#conflict();
    const replacement = prepareTexts(texts);
    const previous = this.#current;
    try {
      const changed = await this.#changes.apply(found, previous);
      try {
        const version = await this.#record(found, { by, changed });
        replacement.commit();
        await this.#putInForce(found, { by, changed, stamp: '', version });
        return version;
      } catch (thrown) {
        await this.#changes.takeBack(found, previous);
        throw thrown;
      }
    } finally {
      replacement.discard();
    }
  }

  /** Before the file is replaced, so that whoever else sees the new text finds out who wrote it. @throws OpenClawError `storage_full` */
  async #record(configuration: Configuration, { by, changed }: Omit<Cause, 'stamp'>): Promise<ConfigurationVersion> {
    try {
      return await this.#history.record({ configuration, by, changed });
    } catch (cause) {
      throw new OpenClawError('storage_full', { details: { reason: reasonOf(cause) }, cause });
    }
  }

  /** It is applied already. What cannot be kept of it is said, and is no reason not to use it. */
  async #putInForce(found: Configuration, { by, changed, stamp, version }: Cause): Promise<void> {
    this.#use(found);
    this.#isRescueWanted = false;
    this.#wasThere = found.exists;
    [this.#state, this.#problem, this.#version] = ['current', undefined, version?.version];
    this.#fileHash = this.#appliedHash;
    try {
      // Without a file there is nothing to go back to.
      if (found.texts.has(this.#reader.file)) {
        this.#version ??= (await this.#history.record({ configuration: found, by, changed })).version;
        this.#history.remember(found, this.#version);
      }
    } catch (thrown) {
      this.#unkept = reasonOf(thrown);
      if (this.#log) this.#logUnkept(this.#log);
    }
    this.#judge(stamp, true);
    this.#tell();
  }

  #use(configuration: Configuration): void {
    this.#current = configuration;
    this.#secrets.follow(configuration);
    this.#atStart ??= configuration;
    const text = configuration.texts.get(this.#reader.file);
    this.#appliedHash = text === undefined ? undefined : hashOf(text);
    this.#needsRestart = needingRestart(changesBetween(this.#atStart, configuration));
  }

  #logUnkept(log: Log): void {
    if (this.#unkept === undefined) return;
    log.error('the configuration is in force, and could not be kept in its history', { reason: this.#unkept });
    this.#unkept = undefined;
  }

  /** The verdict has fallen. */
  #judge(stamp: string, isFinal: boolean): void {
    [this.#judged, this.#isFinal, this.#suspect] = [stamp, isFinal, undefined];
    this.#watch?.follow(this.#reader.followed);
  }

  /** A file that is missing now and was there once was removed: that is no wish for the defaults. */
  async #read(): Promise<Reading> {
    this.#wasThere ||= this.#reader.isNamed();
    const reading = await this.#reader.read(this.#current);
    const isMissing = !(reading.found instanceof OpenClawError) && !reading.found.exists;
    return this.#wasThere && isMissing ? { ...reading, found: this.#removed() } : reading;
  }

  #removed(): OpenClawError {
    const version = this.#version ?? this.#history.newest()?.version;
    const first = version === undefined ? 'Write it again' : `\`openclaw config rollback ${version}\` writes the last one again`;
    const remedy = `${first}; a file that holds {} alone starts afresh.`;
    return new OpenClawError('config_removed', { details: { file: this.#reader.file, remedy } });
  }

  #conflict(): OpenClawError {
    return new OpenClawError('config_conflict', { details: { file: this.#reader.file } });
  }

  #removeLeftovers(): void {
    try {
      removeLeftovers(this.#reader.file, this.#options.clock.now() - leftoverMs);
    } catch {
      // No folder, or one that is not to be written: then nothing was left there either.
    }
  }

  /** One at a time, in order. */
  #exclusive<Result>(action: () => Promise<Result>): Promise<Result> {
    const run = this.#queue.then(action);
    this.#queue = run.catch(() => {});
    return run;
  }

  /** A look of the watch. It has nobody to throw to, and waits for somebody who applies what it finds: a start may take its time. */
  async #glance(): Promise<void> {
    if (!this.#changes.isHeard) return;
    try {
      await this.#exclusive(() => this.#examine(false));
    } catch (thrown) {
      this.#log?.error('the configuration could not be looked at', { error: thrown });
    }
  }

  #tell(): void {
    const { status } = this;
    if (this.#log) logStatus(this.#log, status);
    for (const listener of [...this.#statusListeners]) {
      try {
        listener(status);
      } catch (thrown) {
        this.#log?.error('somebody who was told of the configuration failed', { error: thrown });
      }
    }
  }
}

/** How a configuration came into force. */
interface Cause {
  readonly by: string;
  readonly changed: readonly string[];
  readonly stamp: string;
  /** Where it is kept already. */
  readonly version?: ConfigurationVersion;
}
