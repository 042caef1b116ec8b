/** Pods, from the forms that Kubernetes documents and that reports quote. Of the half that the rules were made with. */
import type { Case } from '../case.ts';
import { backOff, pod, running, stamped, terminated } from './builders.ts';

const kubernetes = 'https://kubernetes.io/docs/';

export const pods: readonly Case[] = [
  pod({
    name: 'pod-image-not-found',
    causes: ['image-pull'],
    from: `${kubernetes}concepts/containers/images/, and the messages of containerd`,
    status: { phase: 'Pending' },
    containerStatus: {
      state: { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "registry.example.org/app:3.1"' } },
    },
    events: [
      {
        at: 20,
        reason: 'Failed',
        message:
          'Failed to pull image "registry.example.org/app:3.1": rpc error: code = NotFound desc = failed to pull and unpack image "registry.example.org/app:3.1": failed to resolve reference "registry.example.org/app:3.1": registry.example.org/app:3.1: not found',
        count: 4,
      },
    ],
    at: 120,
  }),
  pod({
    name: 'pod-image-denied',
    causes: ['image-pull'],
    from: `${kubernetes}tasks/configure-pod-container/pull-image-private-registry/`,
    status: { phase: 'Pending' },
    containerStatus: {
      state: {
        waiting: {
          reason: 'ErrImagePull',
          message: 'failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized',
        },
      },
    },
    at: 15,
  }),
  pod({
    name: 'pod-evicted-memory',
    causes: ['eviction'],
    from: `${kubernetes}concepts/scheduling-eviction/node-pressure-eviction/`,
    status: {
      phase: 'Failed',
      reason: 'Evicted',
      message:
        'The node was low on resource: memory. Threshold quantity: 100Mi, available: 61128Ki. Container app was using 2871020Ki, request is 256Mi, has larger consumption of memory. ',
    },
    events: [
      { at: 500, reason: 'Evicted', message: 'The node was low on resource: memory. Threshold quantity: 100Mi, available: 61128Ki.' },
    ],
    conditions: [{ type: 'MemoryPressure', status: 'True', message: 'kubelet has insufficient memory available' }],
    at: 560,
  }),
  pod({
    name: 'pod-evicted-storage',
    causes: ['eviction'],
    from: `${kubernetes}concepts/configuration/manage-resources-containers/#local-ephemeral-storage`,
    status: {
      phase: 'Failed',
      reason: 'Evicted',
      message: 'Pod ephemeral local storage usage exceeds the total limit of containers 2Gi. ',
    },
    events: [{ at: 900, reason: 'Evicted', message: 'Pod ephemeral local storage usage exceeds the total limit of containers 2Gi.' }],
    at: 960,
  }),
  pod({
    name: 'pod-out-of-memory',
    causes: ['limit-too-small'],
    from: `${kubernetes}tasks/configure-pod-container/assign-memory-resource/`,
    container: { resources: { limits: { memory: '128Mi' } } },
    containerStatus: {
      restartCount: 6,
      state: backOff,
      lastState: terminated({ start: 600, end: 602, exitCode: 137, reason: 'OOMKilled' }),
    },
    previousLog: stamped(600, 602, ['loading the index', 'index: 40 %']),
    events: [
      {
        at: 640,
        reason: 'BackOff',
        message: 'Back-off restarting failed container app in pod app-6d5f9c7b8-x2k4p_prod(c0de-1)',
        count: 31,
      },
    ],
    at: 660,
  }),
  pod({
    name: 'pod-config-invalid',
    causes: ['config-invalid'],
    from: `${kubernetes}tasks/debug/debug-application/determine-reason-pod-failure/`,
    containerStatus: {
      restartCount: 9,
      state: backOff,
      lastState: terminated({
        start: 600,
        end: 601,
        exitCode: 1,
        message: 'openclaw.json:14:3: configuration is invalid: unexpected token }',
      }),
    },
    previousLog: stamped(600, 601, [
      'reading /home/node/.openclaw/openclaw.json',
      'SyntaxError: openclaw.json:14:3: Unexpected token } in JSON at position 312',
    ]),
    at: 660,
  }),
  pod({
    name: 'pod-probe-wrong-port',
    causes: ['probe-wrong'],
    from: 'https://github.com/openclaw/openclaw/pull/116639, and the events of the kubelet',
    container: {
      ports: [{ containerPort: 18789 }],
      livenessProbe: { httpGet: { port: 8080, path: '/healthz' }, periodSeconds: 10, failureThreshold: 3 },
    },
    containerStatus: { restartCount: 5, state: running(620), lastState: terminated({ start: 560, end: 618, exitCode: 143 }) },
    previousLog: stamped(560, 618, ['gateway listening on 0.0.0.0:18789', 'received SIGTERM, draining']),
    log: stamped(620, 640, ['gateway listening on 0.0.0.0:18789']),
    events: [
      {
        at: 640,
        reason: 'Unhealthy',
        message: 'Liveness probe failed: Get "http://10.244.1.17:8080/healthz": dial tcp 10.244.1.17:8080: connect: connection refused',
        count: 16,
      },
      { at: 616, reason: 'Killing', message: 'Container app failed liveness probe, will be restarted', count: 5 },
    ],
    at: 655,
  }),
  pod({
    name: 'pod-start-too-slow',
    causes: ['start-too-slow'],
    from: 'https://github.com/openclaw/openclaw/pull/75809, and the events of the kubelet',
    container: {
      ports: [{ containerPort: 8080 }],
      livenessProbe: { httpGet: { port: 8080, path: '/healthz' }, periodSeconds: 5, failureThreshold: 3, initialDelaySeconds: 5 },
    },
    containerStatus: { restartCount: 7, state: backOff, lastState: terminated({ start: 600, end: 622, exitCode: 143 }) },
    previousLog: stamped(600, 622, [
      'loading embeddings: 10 %',
      'loading embeddings: 20 %',
      'loading embeddings: 30 %',
      'loading embeddings: 40 %',
    ]),
    events: [
      {
        at: 619,
        reason: 'Unhealthy',
        message: 'Liveness probe failed: Get "http://10.244.1.17:8080/healthz": dial tcp 10.244.1.17:8080: connect: connection refused',
        count: 21,
      },
      { at: 620, reason: 'Killing', message: 'Container app failed liveness probe, will be restarted', count: 7 },
    ],
    at: 640,
  }),
  pod({
    name: 'pod-entrypoint-missing',
    causes: ['entrypoint-missing'],
    from: 'the messages of containerd and runc 1.1',
    containerStatus: {
      restartCount: 4,
      state: backOff,
      lastState: terminated({
        start: 0,
        end: 0,
        exitCode: 128,
        reason: 'StartError',
        message:
          'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/app/start.sh": stat /app/start.sh: no such file or directory: unknown',
      }),
    },
    at: 90,
  }),
  pod({
    name: 'pod-ignores-sigterm',
    causes: ['ignores-sigterm'],
    from: `${kubernetes}concepts/workloads/pods/pod-lifecycle/#pod-termination`,
    containerStatus: { restartCount: 2, state: running(700), lastState: terminated({ start: 100, end: 690, exitCode: 137 }) },
    previousLog: stamped(100, 660, ['worker ready', 'job 1 done', 'job 2 done']),
    log: stamped(700, 705, ['worker ready']),
    events: [{ at: 660, reason: 'Killing', message: 'Stopping container app' }],
    at: 720,
  }),
  pod({
    name: 'pod-finishes',
    causes: ['process-finishes'],
    from: `${kubernetes}concepts/workloads/pods/pod-lifecycle/#restart-policy`,
    containerStatus: { restartCount: 12, state: backOff, lastState: terminated({ start: 600, end: 603, exitCode: 0 }) },
    previousLog: stamped(600, 603, ['migrated 40 rows', 'done']),
    at: 660,
  }),
  pod({
    name: 'pod-setting-missing',
    causes: ['pod-cannot-begin'],
    from: `${kubernetes}tasks/debug/debug-application/debug-pods/, and the messages of the kubelet`,
    status: { phase: 'Pending' },
    containerStatus: { state: { waiting: { reason: 'CreateContainerConfigError', message: 'secret "provider-keys" not found' } } },
    events: [{ at: 30, reason: 'Failed', message: 'Error: secret "provider-keys" not found', count: 8 }],
    at: 90,
  }),
  pod({
    name: 'pod-unschedulable',
    causes: ['pod-cannot-begin'],
    from: `${kubernetes}concepts/scheduling-eviction/kube-scheduler/`,
    status: {
      phase: 'Pending',
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message:
            '0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.',
        },
      ],
    },
    spec: { nodeName: '' },
    events: [{ at: 5, reason: 'FailedScheduling', message: '0/3 nodes are available: 3 Insufficient memory.' }],
    at: 300,
  }),
  pod({
    name: 'pod-mount-fails',
    causes: ['pod-cannot-begin'],
    from: `${kubernetes}concepts/storage/persistent-volumes/, and the messages of the attach controller`,
    status: { phase: 'Pending' },
    containerStatus: { state: { waiting: { reason: 'ContainerCreating' } } },
    events: [
      {
        at: 20,
        reason: 'FailedAttachVolume',
        message: 'Multi-Attach error for volume "pvc-1b2c" Volume is already used by pod(s) app-6d5f9c7b8-9zxcv',
        count: 6,
      },
      {
        at: 150,
        reason: 'FailedMount',
        message:
          'Unable to attach or mount volumes: unmounted volumes=[state], unattached volumes=[state]: timed out waiting for the condition',
        count: 2,
      },
    ],
    at: 300,
  }),
  pod({
    name: 'pod-well',
    causes: [],
    from: `${kubernetes}concepts/workloads/pods/pod-lifecycle/`,
    container: { livenessProbe: { httpGet: { port: 8080, path: '/healthz' } } },
    containerStatus: { ready: true, restartCount: 0, state: running(10) },
    log: stamped(10, 20, ['listening on 8080']),
    at: 9000,
  }),
];
