/** Constructed cases of the half that is kept for the report, written when the rules were finished: other words and other mixtures. */
import type { Case } from '../case.ts';
import { backOff, container, pod, running, stamped, terminated, unit } from './builders.ts';

const kubernetes = 'https://kubernetes.io/docs/';
const lives = (count: number, lasts: number) => Array.from({ length: count }, (_, index) => ({ start: index * (lasts + 2), lasts }));

const containers: readonly Case[] = [
  container({
    name: 'report-host-memory',
    half: 'report',
    causes: ['host-out-of-memory'],
    from: 'mm/oom_kill.c of Linux 6.1',
    lives: lives(3, 900).map((life) => ({
      ...life,
      exitCode: 137,
      lines: ['INFO server ready', 'INFO 200 POST /v1/chat/completions 812ms'],
    })),
    kernel: [
      [
        900,
        'oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=docker-c0de00000001.scope,mems_allowed=0,global_oom,task_memcg=/system.slice/docker-c0de00000001.scope,task=node,pid=9121,uid=1000',
      ],
      [
        900,
        'Out of memory: Killed process 9121 (node) total-vm:11843212kB, anon-rss:5120332kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:14412kB oom_score_adj:0',
      ],
      [
        2704,
        'Out of memory: Killed process 9802 (node) total-vm:11843212kB, anon-rss:5020332kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:14412kB oom_score_adj:0',
      ],
    ],
    at: 2710,
  }),
  container({
    name: 'report-gpu-vllm',
    half: 'report',
    causes: ['gpu-memory'],
    from: 'the text of vLLM 0.6, worker/worker.py',
    config: { Cmd: ['vllm', 'serve', 'Qwen/Qwen2.5-32B-Instruct'] },
    lives: lives(2, 95).map((life) => ({
      ...life,
      exitCode: 1,
      lines: [
        'INFO worker.py:232] Memory profiling results: total_gpu_memory=23.65GiB',
        'ERROR engine.py:366] No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing the engine.',
        'Traceback (most recent call last):',
        '  File "/usr/lib/python3.12/site-packages/vllm/engine/llm_engine.py", line 438, in _initialize_kv_caches',
        'ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing the engine.',
      ],
    })),
    at: 200,
  }),
  container({
    name: 'report-daemon-restarted',
    half: 'report',
    causes: ['docker-daemon'],
    from: 'the form of `docker ps -a` after containerd was killed',
    lives: [{ start: 0, lasts: 7000, exitCode: 255, lines: ['listening on 8080'] }],
    state: {
      Status: 'exited',
      Running: false,
      Restarting: false,
      ExitCode: 255,
      Error: 'error while creating shim: containerd-shim: transport is closing: unavailable',
    },
    others: [
      { name: 'postgres', state: 'exited', status: 'Exited (255) 40 seconds ago' },
      { name: 'traefik', state: 'exited', status: 'Exited (255) 40 seconds ago' },
      { name: 'worker', state: 'exited', status: 'Exited (255) 41 seconds ago' },
    ],
    at: 7041,
  }),
  container({
    name: 'report-two-gateways',
    half: 'report',
    causes: ['two-supervisors'],
    from: 'https://github.com/openclaw/openclaw/issues/75115',
    lives: lives(3, 3).map((life) => ({
      ...life,
      exitCode: 1,
      lines: [
        'restart requested by operator: spawned new gateway process pid 92, parent exits',
        'Gateway failed to start: another gateway instance is already listening on ws://127.0.0.1:18789',
        'Error: listen EADDRINUSE: address already in use 127.0.0.1:18789',
      ],
    })),
    at: 16,
  }),
  container({
    name: 'report-illegal-instruction',
    half: 'report',
    causes: ['segmentation-fault'],
    from: 'arch/x86/kernel/traps.c of Linux',
    lives: lives(3, 1).map((life) => ({ ...life, exitCode: 132, lines: ['loading embedding model'] })),
    kernel: [
      [7.9, 'traps: python3[9121] trap invalid opcode ip:7f3c2a1b4f30 sp:7ffc8b1a2c48 error:0 in libtorch_cpu.so[7f3c28000000+11e5b000]'],
    ],
    at: 9,
  }),
  container({
    name: 'report-buffers',
    half: 'report',
    causes: ['native-memory'],
    from: 'process.memoryUsage() of Node, as many programs log it',
    host: { Memory: 512 * 2 ** 20 },
    lives: lives(3, 240).map((life) => ({
      ...life,
      exitCode: 137,
      outOfMemory: true,
      lines: [
        'mem rss=180MB heapUsed=41MB external=90MB arrayBuffers=88MB',
        'mem rss=320MB heapUsed=42MB external=231MB arrayBuffers=229MB',
        'mem rss=498MB heapUsed=42MB external=408MB arrayBuffers=406MB',
      ],
    })),
    at: 728,
  }),
  container({
    name: 'report-queue',
    half: 'report',
    causes: ['load-burst'],
    from: 'the log of a queue worker',
    host: { Memory: 512 * 2 ** 20 },
    lives: [
      {
        start: 0,
        lasts: 4000,
        exitCode: 137,
        outOfMemory: true,
        lines: [
          'pending jobs: 2, rss 140 MB',
          'pending jobs: 3, rss 141 MB',
          'pending jobs: 890, rss 333 MB',
          'pending jobs: 2210, rss 489 MB',
        ],
      },
      {
        start: 4003,
        lasts: 900,
        exitCode: 137,
        outOfMemory: true,
        lines: ['pending jobs: 4, rss 139 MB', 'pending jobs: 1400, rss 371 MB', 'pending jobs: 2350, rss 497 MB'],
      },
      { start: 4906, lines: ['pending jobs: 1, rss 138 MB'] },
    ],
    at: 4950,
  }),
  container({
    name: 'report-watches',
    half: 'report',
    causes: ['inotify-limit'],
    from: 'the text of chokidar and of Node 22',
    lives: lives(3, 2).map((life) => ({
      ...life,
      exitCode: 1,
      lines: [
        'watching /workspace for changes',
        "Error: ENOSPC: System limit for number of file watchers reached, watch '/workspace/docs'",
        '    at FSWatcher.<computed> (node:internal/fs/watchers:247:19)',
      ],
    })),
    at: 13,
  }),
];

const pods: readonly Case[] = [
  pod({
    name: 'report-pod-rate-limit',
    half: 'report',
    causes: ['image-pull'],
    from: 'https://docs.docker.com/docker-hub/usage/, and the messages of containerd',
    status: { phase: 'Pending' },
    containerStatus: {
      state: {
        waiting: {
          reason: 'ErrImagePull',
          message:
            'failed to copy: httpReadSeeker: failed open: unexpected status code 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit.',
        },
      },
    },
    at: 40,
  }),
  pod({
    name: 'report-pod-invalid-image',
    half: 'report',
    causes: ['image-pull'],
    from: `${kubernetes}concepts/containers/images/`,
    status: { phase: 'Pending' },
    containerStatus: {
      state: {
        waiting: {
          reason: 'InvalidImageName',
          message:
            'Failed to apply default image tag "registry.example.org/App:3.1": couldn\'t parse image name: repository name must be lowercase',
        },
      },
    },
    at: 20,
  }),
  pod({
    name: 'report-pod-preempted',
    half: 'report',
    causes: ['eviction'],
    from: `${kubernetes}concepts/scheduling-eviction/pod-priority-preemption/`,
    status: { phase: 'Failed', reason: 'Preempting', message: 'Preempted in order to admit critical pod' },
    events: [{ at: 700, reason: 'Preempted', message: 'Preempted by pod 7b1e on node node-1' }],
    at: 720,
  }),
  pod({
    name: 'report-pod-disk-pressure',
    half: 'report',
    causes: ['eviction', 'disk-full'],
    from: `${kubernetes}concepts/scheduling-eviction/node-pressure-eviction/`,
    status: {
      phase: 'Failed',
      reason: 'Evicted',
      message: 'The node was low on resource: ephemeral-storage. Threshold quantity: 5Gi, available: 1123Mi.',
    },
    conditions: [{ type: 'DiskPressure', status: 'True', message: 'kubelet has disk pressure' }],
    containerStatus: { state: terminated({ start: 0, end: 500, exitCode: 1 }) },
    log: stamped(0, 500, ['writing trace', 'Error: ENOSPC: no space left on device, write']),
    at: 520,
  }),
  pod({
    name: 'report-pod-sidecar',
    half: 'report',
    causes: ['dependency-down'],
    from: `${kubernetes}concepts/workloads/pods/init-containers/`,
    containerStatus: { restartCount: 11, state: backOff, lastState: terminated({ start: 900, end: 903, exitCode: 1 }) },
    previousLog: stamped(900, 903, [
      'waiting for postgres.prod.svc:5432',
      'pq: dial tcp 10.96.12.4:5432: connect: connection refused',
      'giving up after 3 attempts: dial tcp 10.96.12.4:5432: connect: connection refused',
    ]),
    at: 960,
  }),
  pod({
    name: 'report-pod-liveness-upstream',
    half: 'report',
    causes: ['probe-depends-on-outside'],
    from: 'the events of the kubelet',
    container: { ports: [{ containerPort: 8080 }], livenessProbe: { httpGet: { port: 8080, path: '/health' } } },
    containerStatus: { restartCount: 4, state: running(640), lastState: terminated({ start: 560, end: 639, exitCode: 0 }) },
    previousLog: stamped(560, 639, [
      'listening on 8080',
      'health: upstream https://api.openai.com: connect ECONNREFUSED',
      'health: upstream https://api.openai.com: connect ECONNREFUSED',
      'SIGTERM received',
    ]),
    log: stamped(640, 655, ['listening on 8080', 'health: upstream https://api.openai.com: connect ECONNREFUSED']),
    events: [
      { at: 636, reason: 'Unhealthy', message: 'Liveness probe failed: HTTP probe failed with statuscode: 503', count: 12 },
      { at: 637, reason: 'Killing', message: 'Container app failed liveness probe, will be restarted', count: 4 },
    ],
    at: 656,
  }),
  pod({
    name: 'report-pod-out-of-memory-noise',
    half: 'report',
    causes: ['limit-too-small'],
    from: `${kubernetes}tasks/configure-pod-container/assign-memory-resource/`,
    container: { resources: { limits: { memory: '256Mi' } } },
    containerStatus: {
      restartCount: 8,
      state: backOff,
      lastState: terminated({ start: 600, end: 606, exitCode: 137, reason: 'OOMKilled' }),
    },
    previousLog: stamped(600, 606, ['warn: getaddrinfo EAI_AGAIN telemetry', 'loading vocabulary', 'loading weights']),
    at: 660,
  }),
  pod({
    name: 'report-pod-claim-missing',
    half: 'report',
    causes: ['pod-cannot-begin'],
    from: `${kubernetes}concepts/storage/persistent-volumes/#persistentvolumeclaims`,
    status: {
      phase: 'Pending',
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message: '0/2 nodes are available: persistentvolumeclaim "state" not found.',
        },
      ],
    },
    spec: { nodeName: '' },
    events: [{ at: 3, reason: 'FailedScheduling', message: '0/2 nodes are available: persistentvolumeclaim "state" not found.' }],
    at: 100,
  }),
  pod({
    name: 'report-pod-permission',
    half: 'report',
    causes: ['permission-denied'],
    from: `${kubernetes}tasks/configure-pod-container/security-context/`,
    container: { securityContext: { runAsUser: 1000 }, volumeMounts: [{ name: 'state', mountPath: '/home/node/.openclaw' }] },
    spec: { volumes: [{ name: 'state', persistentVolumeClaim: { claimName: 'state' } }] },
    containerStatus: { restartCount: 5, state: backOff, lastState: terminated({ start: 300, end: 301, exitCode: 1 }) },
    previousLog: stamped(300, 301, ["Error: EACCES: permission denied, mkdir '/home/node/.openclaw/state'"]),
    at: 330,
  }),
];

const units: readonly Case[] = [
  unit({
    name: 'report-unit-start-limit',
    half: 'report',
    causes: ['start-limit', 'port-in-use'],
    from: 'https://github.com/openclaw/openclaw/issues/28191, systemd.unit(5)',
    properties: {
      ActiveState: 'failed',
      SubState: 'failed',
      Result: 'start-limit-hit',
      NRestarts: '5',
      ExecMainCode: '1',
      ExecMainStatus: '1',
    },
    journal: [
      ...[0, 1, 2].flatMap((at) => [
        [at, 'systemd', 'Started openclaw-gateway.service - OpenClaw gateway.'] as const,
        [at + 0.4, 'program', 'Error: listen EADDRINUSE: address already in use 127.0.0.1:18789'] as const,
        [at + 0.5, 'systemd', 'openclaw-gateway.service: Main process exited, code=exited, status=1/FAILURE'] as const,
      ]),
      [4, 'systemd', 'openclaw-gateway.service: Start request repeated too quickly.'],
    ],
    at: 600,
  }),
  unit({
    name: 'report-unit-memory',
    half: 'report',
    causes: ['limit-too-small'],
    from: 'systemd.resource-control(5), and the journal of systemd 252',
    properties: {
      ActiveState: 'activating',
      SubState: 'auto-restart',
      Result: 'oom-kill',
      NRestarts: '9',
      ExecMainCode: '2',
      ExecMainStatus: '9',
      MemoryMax: '268435456',
    },
    journal: [0, 8].flatMap((at) => [
      [at, 'systemd', 'Started openclaw-gateway.service - OpenClaw gateway.'] as const,
      [at + 1, 'program', 'loading sessions'] as const,
      [at + 4, 'systemd', 'openclaw-gateway.service: A process of this unit has been killed by the OOM killer.'] as const,
      [at + 4.1, 'systemd', 'openclaw-gateway.service: Main process exited, code=killed, status=9/KILL'] as const,
    ]),
    at: 14,
  }),
];

export const reportCases: readonly Case[] = [...containers, ...pods, ...units];
