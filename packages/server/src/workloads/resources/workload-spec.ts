/** The fields of a Workload's `spec` and `status`, as `packages/protocol/src/workloads/workload.ts` has them as types. */
import { field, type ObjectField } from './field.ts';
import { absolutePath, dnsLabel, dnsSubdomain, environmentName, httpAddress, portName, signalName } from './forms.ts';

const { flag, integer, list, map, object, port, quantity, text } = field;

const amounts = (description: string): ObjectField =>
  object(description, {
    memory: quantity('Bytes: 256Mi, 1G, 128974848.', 'bytes'),
    cpu: quantity('Cores: 0.5, or 500m.', 'cores'),
  });

const environment = object(
  'A variable of its environment.',
  {
    name: text('Its name.', { form: environmentName }),
    value: text('Its value, for everybody to read who may read the workload.'),
    valueFrom: object('Where the value is kept, instead of here.', {
      secretKeyRef: object(
        'A secret: a file below credentials/workloads/NAME/, or a variable of the gateway named in `workloads.secrets`.',
        {
          name: text('Name of the secret.', { form: dnsSubdomain }),
          key: text('Which of its values.', { form: environmentName }),
          optional: flag('Whether the container starts without it.', { default: false }),
        },
        { required: ['name', 'key'] },
      ),
    }),
  },
  { required: ['name'] },
);

const seconds = (description: string, preset: number, minimum = 1): ReturnType<typeof integer> =>
  integer(description, { default: preset, minimum, maximum: 86_400 });
const times = (description: string, preset: number): ReturnType<typeof integer> =>
  integer(description, { default: preset, minimum: 1, maximum: 1000 });

const probe = (description: string): ObjectField =>
  object(`${description} Exactly one of exec, httpGet and tcpSocket.`, {
    exec: object(
      'A command inside of the container; exit code 0 is success.',
      { command: list('The command and its arguments; no shell.', text('A word.'), { minItems: 1 }) },
      { required: ['command'] },
    ),
    httpGet: object(
      'A GET; a status from 200 to 399 is success.',
      {
        path: text('The path.', { default: '/' }),
        port: port('Number or name of a port of the container.'),
        scheme: text('How it is asked.', { choices: ['HTTP', 'HTTPS'], default: 'HTTP' }),
      },
      { required: ['port'] },
    ),
    tcpSocket: object('A connection; being accepted is success.', { port: port('Number or name of a port.') }, { required: ['port'] }),
    initialDelaySeconds: seconds('How long after its start it is first asked.', 0, 0),
    periodSeconds: seconds('How often.', 10),
    timeoutSeconds: seconds('How long an answer may take.', 1),
    failureThreshold: times('Failures in a row that count.', 3),
    successThreshold: times('Successes in a row that count after a failure.', 1),
  });

const container = object(
  'A program.',
  {
    name: text('Its name, unique in the workload.', { form: dnsLabel() }),
    image: text('A Docker image, or what `workloads.images` maps to a command of this machine.', {
      form: { pattern: /^\S+$/, maxLength: 512, expects: 'the name of an image, without spaces' },
    }),
    command: list('The program with its first arguments. Default: that of the image.', text('A word.'), { maxItems: 1000 }),
    args: list('Further arguments.', text('A word.'), { maxItems: 1000 }),
    env: list('Its environment.', environment, { key: 'name', maxItems: 1000 }),
    workingDir: text('Where it starts.', { form: absolutePath }),
    ports: list(
      'Where it listens.',
      object(
        'A port.',
        {
          name: text('A name that probes may use.', { form: portName }),
          containerPort: integer('Its number inside of the container.', { minimum: 1, maximum: 65_535 }),
          protocol: text('What is spoken there.', { choices: ['TCP'], default: 'TCP' }),
          hostPort: integer("Where it is reached on this machine's loopback, whichever replica answers. Default: the containerPort.", {
            ...{ minimum: 1, maximum: 65_535 },
          }),
        },
        { required: ['containerPort'] },
      ),
      { key: 'containerPort' },
    ),
    resources: object('What it may use, and what it normally uses.', {
      requests: amounts('What it normally uses. It waits where the machine has less left.'),
      limits: amounts('What it may use at most. Who takes more memory is ended: OOMKilled.'),
    }),
    volumeMounts: list(
      'Volumes in its file system.',
      object(
        'A volume.',
        {
          name: text('One of spec.volumes.', { form: dnsLabel() }),
          mountPath: text('Where it is.', { form: absolutePath }),
          readOnly: flag('Whether it may only be read.', { default: false }),
        },
        { required: ['name', 'mountPath'] },
      ),
      { key: 'mountPath' },
    ),
    startupProbe: probe('Whether it has started; until then the others are not asked.'),
    livenessProbe: probe('Whether it must be started again.'),
    readinessProbe: probe('Whether it may be asked for work.'),
    reportsHeap: flag('A program of Node tells of its heap after full collections, and of its buffers. On the process driver alone.'),
  },
  { required: ['name'] },
);

const volume = object(
  'A volume. Exactly one of hostPath, named and emptyDir.',
  {
    name: text('What containers call it.', { form: dnsLabel() }),
    hostPath: object('A directory of this machine.', { path: text('Where it is.', { form: absolutePath }) }, { required: ['path'] }),
    named: object('A volume that outlives the workload.', { name: text('Its name.', { form: dnsSubdomain }) }, { required: ['name'] }),
    emptyDir: object('An empty directory that goes with the instance.', {
      medium: text('In memory, which then counts for the limit.', { choices: ['Memory'] }),
      sizeLimit: quantity('What it may hold.', 'bytes'),
    }),
  },
  { required: ['name'] },
);

export const workloadSpec = object(
  'What somebody wants to run.',
  {
    replicas: integer('How many instances run.', { default: 1, minimum: 0, maximum: 1000 }),
    driver: text('What runs it; auto: Docker where there is an image and a daemon, else a process.', {
      choices: ['auto', 'process', 'docker'],
      default: 'auto',
    }),
    containers: list('The programs of each instance.', container, { key: 'name', minItems: 1, maxItems: 16 }),
    restartPolicy: text('When a program that ended is started again.', { choices: ['Always', 'OnFailure', 'Never'], default: 'Always' }),
    terminationGracePeriodSeconds: seconds('From SIGTERM to SIGKILL.', 30, 0),
    volumes: list('Directories that containers can mount.', volume, { key: 'name', default: [] }),
    template: object('What its Pods carry.', {
      metadata: object('Labels and annotations; one that changes replaces the instances, one after the other.', {
        labels: map('Labels.'),
        annotations: map('Annotations.'),
      }),
    }),
    softMemoryLimit: object('Tells the program before the kernel acts.', {
      percent: integer('Of the memory limit.', { default: 85, minimum: 1, maximum: 100 }),
      signal: text('Sent to the program, which may let go of its caches.', { form: signalName }),
      webhook: text('Sent a POST with the readings.', { form: httpAddress }),
      terminate: flag('Ends it in an orderly way where that has not helped.', { default: false }),
    }),
    revisionHistoryLimit: integer('Revisions that are kept to go back to.', { default: 10, minimum: 0, maximum: 100 }),
  },
  { required: ['containers'] },
);

const count = (description: string): ReturnType<typeof integer> => integer(description, { minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

const terminated = object('How it ended.', {
  reason: text('OOMKilled, HeapOutOfMemory, Error, Completed or ContainerCannotRun.'),
  exitCode: count('What it returned.'),
  signal: text('What ended it.'),
  startedAt: text('When it was started.'),
  finishedAt: text('When it ended.'),
  message: text('In words.'),
});

const state = (description: string): ObjectField =>
  object(description, {
    waiting: object('It does not run yet.', { reason: text('Why.'), message: text('In words.') }),
    running: object('It runs.', { startedAt: text('Since when.') }),
    terminated,
  });

const instance = object('One of its replicas; also served as a Pod of that name.', {
  id: text('Its name.'),
  node: text('The machine.'),
  revision: count('Of the spec that it runs.'),
  phase: text('As of the workload.'),
  ready: flag('Whether it may be asked for work.'),
  startedAt: text('Since when.'),
  restarts: count('How often it was started again.'),
  containers: list(
    'Its programs.',
    object('A program.', {
      name: text('Its name.'),
      ready: flag('Whether it is ready.'),
      restarts: count('How often it was started again.'),
      state: state('How it is.'),
      lastState: state('How it was before its last start.'),
    }),
  ),
  memory: object('Of all its containers, in bytes.', {
    current: count('Now.'),
    peak: count('The most that it was.'),
    limit: count('What it may be.'),
  }),
});

export const workloadStatus = object('What is. Written by OpenClaw.', {
  phase: text('Pending, Starting, Running, Degraded, CrashLoopBackOff, ImagePullBackOff, OOMKilled, Succeeded or Failed.'),
  reason: text('Why, where the phase needs a word.'),
  message: text('In words.'),
  observedGeneration: count('The generation that this speaks of.'),
  revision: count('Of the spec.'),
  driver: text('What runs it.'),
  replicas: count('How many there are.'),
  readyReplicas: count('How many may be asked for work.'),
  updatedReplicas: count('How many are of this revision.'),
  restarts: count('Of all its instances.'),
  conditions: list(
    'How far it is.',
    object('A condition.', {
      type: text('What of.'),
      status: text('True, False or Unknown.'),
      reason: text('Why, in a word.'),
      message: text('Why, in words.'),
      lastTransitionTime: text('Since when.'),
      observedGeneration: count('The generation that this speaks of.'),
    }),
  ),
  instances: list('Its replicas.', instance),
  selector: text('Labels of its Pods.'),
  endpoints: list(
    'Where its ports are reached.',
    object('A port.', { name: text('Its name.'), port: count('Its number.'), address: text('Where: 127.0.0.1:8080.') }),
  ),
});
