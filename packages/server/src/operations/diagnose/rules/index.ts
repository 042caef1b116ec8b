/** Every cause that is known. A further one is a file beside this and a row here; the docs and the score find it. */
import type { Rule } from '../contract.ts';
import { apiKeyInvalid } from './api-key-invalid.ts';
import { badNodeFlag } from './bad-node-flag.ts';
import { childOutOfMemory } from './child-out-of-memory.ts';
import { configInvalid } from './config-invalid.ts';
import { configWatcherLoop } from './config-watcher-loop.ts';
import { cpuThrottled } from './cpu-throttled.ts';
import { databaseBroken } from './database-broken.ts';
import { dependencyDown } from './dependency-down.ts';
import { diskFull } from './disk-full.ts';
import { dns } from './dns.ts';
import { dockerDaemon } from './docker-daemon.ts';
import { emptyMount } from './empty-mount.ts';
import { entrypointMissing } from './entrypoint-missing.ts';
import { eventLoopBlocked } from './event-loop-blocked.ts';
import { eviction } from './eviction.ts';
import { fileDescriptors } from './file-descriptors.ts';
import { firewall } from './firewall.ts';
import { gpuMemory } from './gpu-memory.ts';
import { heapLargerThanLimit } from './heap-larger-than-limit.ts';
import { heapTooSmall } from './heap-too-small.ts';
import { hostOutOfMemory } from './host-out-of-memory.ts';
import { ignoresSigterm } from './ignores-sigterm.ts';
import { imagePull } from './image-pull.ts';
import { inotifyLimit } from './inotify-limit.ts';
import { limitTooSmall } from './limit-too-small.ts';
import { loadBurst } from './load-burst.ts';
import { memoryLeak } from './memory-leak.ts';
import { migrationFails } from './migration-fails.ts';
import { modelFileDamaged } from './model-file-damaged.ts';
import { modelFileMissing } from './model-file-missing.ts';
import { moduleMissing } from './module-missing.ts';
import { nativeMemory } from './native-memory.ts';
import { nativeModule } from './native-module.ts';
import { nodeTooOld } from './node-too-old.ts';
import { notExecutable } from './not-executable.ts';
import { permissionDenied } from './permission-denied.ts';
import { pidsLimit } from './pids-limit.ts';
import { pluginCrash } from './plugin-crash.ts';
import { podCannotBegin } from './pod-cannot-begin.ts';
import { portInUse } from './port-in-use.ts';
import { probeDependsOnOutside } from './probe-depends-on-outside.ts';
import { probeWrong } from './probe-wrong.ts';
import { processFinishes } from './process-finishes.ts';
import { publishedPortTaken } from './published-port-taken.ts';
import { pythonTraceback } from './python-traceback.ts';
import { readOnlyFilesystem } from './read-only-filesystem.ts';
import { secretMissing } from './secret-missing.ts';
import { segmentationFault } from './segmentation-fault.ts';
import { settingMissing } from './setting-missing.ts';
import { slowDisk } from './slow-disk.ts';
import { staleLock } from './stale-lock.ts';
import { startLimit } from './start-limit.ts';
import { startTooSlow } from './start-too-slow.ts';
import { stoppedByHand } from './stopped-by-hand.ts';
import { tlsOrClock } from './tls-or-clock.ts';
import { twoSupervisors } from './two-supervisors.ts';
import { unhandledRejection } from './unhandled-rejection.ts';
import { upstreamOutage } from './upstream-outage.ts';
import { watchdogFights } from './watchdog-fights.ts';
import { wedgedAfterRestart } from './wedged-after-restart.ts';
import { wrongArchitecture } from './wrong-architecture.ts';

/** Where two weigh the same, the one that stands first is believed. */
export const rules: readonly Rule[] = [
  // Memory.
  limitTooSmall,
  memoryLeak,
  heapTooSmall,
  heapLargerThanLimit,
  nativeMemory,
  childOutOfMemory,
  hostOutOfMemory,
  loadBurst,
  gpuMemory,
  // Ports, locks and settings.
  publishedPortTaken,
  portInUse,
  twoSupervisors,
  staleLock,
  configInvalid,
  settingMissing,
  secretMissing,
  apiKeyInvalid,
  configWatcherLoop,
  // Files and limits of the kernel.
  permissionDenied,
  readOnlyFilesystem,
  diskFull,
  emptyMount,
  inotifyLimit,
  fileDescriptors,
  pidsLimit,
  slowDisk,
  databaseBroken,
  migrationFails,
  modelFileMissing,
  modelFileDamaged,
  // Health checks and processor time.
  probeWrong,
  startTooSlow,
  probeDependsOnOutside,
  eventLoopBlocked,
  cpuThrottled,
  wedgedAfterRestart,
  // Whoever acts on it.
  stoppedByHand,
  watchdogFights,
  ignoresSigterm,
  startLimit,
  eviction,
  dockerDaemon,
  // The start of a program.
  imagePull,
  podCannotBegin,
  entrypointMissing,
  notExecutable,
  wrongArchitecture,
  moduleMissing,
  nativeModule,
  badNodeFlag,
  nodeTooOld,
  processFinishes,
  // The program itself.
  segmentationFault,
  unhandledRejection,
  pythonTraceback,
  pluginCrash,
  // What it needs of others.
  dependencyDown,
  dns,
  tlsOrClock,
  firewall,
  upstreamOutage,
];
