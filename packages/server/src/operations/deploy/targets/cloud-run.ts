/**
 * Google Cloud Run, for a trial: one instance that always runs, with its state in memory. Nothing there can hold the state: NFS is mounted
 * without locks and a bucket has none, and the gateway refuses both.
 */
import type { Deployment, DeployTarget } from '../contract.ts';
import { envFile } from '../env-file.ts';

export const cloudRunTarget: DeployTarget = {
  name: 'cloud-run',
  aliases: [],
  title: 'Google Cloud Run, for a trial: no state lasts there',
  page: 'google-cloud.md',
  files: (deployment) => [{ path: 'service.yaml', text: serviceText(deployment) }, envFile(deployment)],
  next: ({ secrets }) => [
    ...Object.keys(secrets).map(
      (name) => `sed -n 's/^${name}=//p' .env | tr -d '\\n' | gcloud secrets create ${secretId(name)} --data-file=-`,
    ),
    'gcloud run services replace service.yaml',
  ],
};

/** Cloud Run kills ten seconds after SIGTERM, whatever is asked of it. */
const drainTimeoutMs = 7000;
/** What a start may take in all, by Cloud Run's own rule: 240 s. */
const startProbes = { periodSeconds: 5, failureThreshold: 48 } as const;

function serviceText({ image, port, memoryMib, secrets }: Deployment): string {
  const variables = Object.keys(secrets)
    .map((name) => `            - name: ${name}\n              valueFrom: { secretKeyRef: { name: ${secretId(name)}, key: latest } }\n`)
    .join('');
  return `# Written by \`openclaw deploy cloud-run\`, for a trial: each new instance is a new machine, but for its token.
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: openclaw-gateway
  annotations:
    # Not from the internet before you say so.
    run.googleapis.com/ingress: internal
spec:
  template:
    metadata:
      annotations:
        # One state directory has one owner, and it works when nobody asks, too.
        autoscaling.knative.dev/minScale: '1'
        autoscaling.knative.dev/maxScale: '1'
        run.googleapis.com/cpu-throttling: 'false'
        run.googleapis.com/execution-environment: gen2
    spec:
      containerConcurrency: 1000
      timeoutSeconds: 3600
      containers:
        - image: ${image}
          ports:
            - containerPort: ${port}
          env:
            - { name: OPENCLAW_GATEWAY_BIND, value: lan }
            - { name: OPENCLAW_DRAIN_TIMEOUT_MS, value: '${drainTimeoutMs}' }
${variables}          resources:
            limits: { cpu: '1', memory: ${memoryMib}Mi }
          startupProbe:
            tcpSocket: { port: ${port} }
            periodSeconds: ${startProbes.periodSeconds}
            failureThreshold: ${startProbes.failureThreshold}
          livenessProbe:
            httpGet: { path: /healthz, port: ${port} }
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
`;
}

function secretId(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}
