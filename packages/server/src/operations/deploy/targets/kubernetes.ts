/**
 * Kubernetes: plain manifests for `kubectl apply`, and values for the chart in `deploy/helm/openclaw`, which makes the same of them; a test
 * compares the two.
 */
import { type Deployment, type DeployTarget, graceSeconds, imageStateDirectory, imageUser } from '../contract.ts';
import { envFile } from '../env-file.ts';

export const kubernetesTarget: DeployTarget = {
  name: 'kubernetes',
  aliases: ['k8s', 'eks', 'gke'],
  title: 'Kubernetes (EKS, GKE and others)',
  page: 'kubernetes.md',
  files: (deployment) => [{ path: 'openclaw.yaml', text: manifests(deployment) }, envFile(deployment)],
  next: () => [
    'kubectl create secret generic openclaw-gateway --from-env-file=.env',
    'kubectl apply -f openclaw.yaml',
    'kubectl rollout status statefulset/openclaw-gateway --timeout=6m',
    'kubectl exec openclaw-gateway-0 -- openclaw deploy check',
  ],
};

export const helmTarget: DeployTarget = {
  name: 'helm',
  aliases: [],
  title: 'Kubernetes, with the Helm chart',
  page: 'kubernetes.md',
  files: (deployment) => [{ path: 'values.yaml', text: values(deployment) }, envFile(deployment)],
  next: () => [
    'kubectl create secret generic openclaw-gateway --from-env-file=.env',
    'helm upgrade --install openclaw-gateway deploy/helm/openclaw -f values.yaml --wait --timeout 6m',
    'kubectl exec openclaw-gateway-0 -- openclaw deploy check',
  ],
};

const labels = 'app.kubernetes.io/name: openclaw';

export function manifests(deployment: Deployment): string {
  return `# Written by \`openclaw deploy kubernetes\`. Secrets are in .env, from which \`kubectl create secret\` makes the one that is named here.
apiVersion: v1
kind: Service
metadata:
  name: openclaw-gateway
  labels: { ${labels} }
spec:
  type: ClusterIP
  selector: { ${labels} }
  ports:
    - { name: http, port: ${deployment.port}, targetPort: http }
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: openclaw-gateway
  labels: { ${labels} }
spec:
  serviceName: openclaw-gateway
  # One state directory has one owner: a second replica would wait for the first for ever.
  replicas: 1
  selector:
    matchLabels: { ${labels} }
  template:
    metadata:
      labels: { ${labels} }
    spec:
${podSpec(deployment)}
  volumeClaimTemplates:
    - metadata:
        name: state
      spec:
        accessModes: [ReadWriteOnce]
        resources:
          requests: { storage: 10Gi }
`;
}

function podSpec(deployment: Deployment): string {
  const { image, port, memoryMib, drainTimeoutMs } = deployment;
  return `      automountServiceAccountToken: false
      # Otherwise the Service sets OPENCLAW_GATEWAY_PORT to an address.
      enableServiceLinks: false
      terminationGracePeriodSeconds: ${graceSeconds(deployment)}
      securityContext:
        runAsNonRoot: true
        runAsUser: ${imageUser.uid}
        runAsGroup: ${imageUser.gid}
        # The volume belongs to this group: no chown is needed.
        fsGroup: ${imageUser.gid}
        fsGroupChangePolicy: OnRootMismatch
        seccompProfile: { type: RuntimeDefault }
      containers:
        - name: gateway
          image: ${image}
          ports:
            - { name: http, containerPort: ${port} }
          env:
            - { name: OPENCLAW_GATEWAY_BIND, value: lan }
            - { name: OPENCLAW_GATEWAY_PORT, value: '${port}' }
            - { name: OPENCLAW_DRAIN_TIMEOUT_MS, value: '${drainTimeoutMs}' }
          envFrom:
            - secretRef: { name: openclaw-gateway }
          resources:
            requests: { cpu: 100m, memory: ${memoryMib}Mi }
            limits: { memory: ${memoryMib}Mi }
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: { drop: [ALL] }
          # Five minutes for a start that waits for the predecessor to let go of the volume.
          startupProbe:
            tcpSocket: { port: http }
            periodSeconds: 5
            failureThreshold: 60
          livenessProbe:
            httpGet: { path: /healthz, port: http }
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          readinessProbe:
            httpGet: { path: /readyz, port: http }
            periodSeconds: 5
            timeoutSeconds: 3
          # What it says before it ends is then in \`kubectl describe pod\`.
          terminationMessagePolicy: FallbackToLogsOnError
          volumeMounts:
            - { name: state, mountPath: ${imageStateDirectory} }
            - { name: tmp, mountPath: /tmp }
      volumes:
        - name: tmp
          emptyDir: { sizeLimit: 1Gi }`;
}

function values({ image, port, memoryMib, drainTimeoutMs }: Deployment): string {
  const [, repository = image, tag = '', digest = ''] = /^(.*?)(?::([^:@/]+))?(?:@(.+))?$/.exec(image) ?? [];
  return `# Written by \`openclaw deploy helm\`: what differs from the chart's own values, which say what else there is.
image:
  repository: ${repository}
  tag: '${tag}'
  digest: '${digest}'
gateway:
  port: ${port}
  drainTimeoutMs: ${drainTimeoutMs}
memory: ${memoryMib}Mi
# Made of .env by \`kubectl create secret generic openclaw-gateway --from-env-file=.env\`.
existingSecret: openclaw-gateway
`;
}
