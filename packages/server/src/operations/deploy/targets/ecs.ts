/** Amazon ECS on Fargate: a task with its state on EFS, which is NFS with locks, and a service that never runs two of them. */
import { type Deployment, type DeployTarget, graceSeconds, imageStateDirectory, imageUser } from '../contract.ts';
import { envFile } from '../env-file.ts';

export const ecsTarget: DeployTarget = {
  name: 'ecs',
  aliases: ['fargate'],
  title: 'Amazon ECS on Fargate, with EFS',
  page: 'aws.md',
  files: (deployment) => [
    { path: 'task-definition.json', text: json(taskDefinition(deployment)) },
    { path: 'service.json', text: json(service(deployment)) },
    envFile(deployment),
  ],
  next: ({ secrets }) => [
    ...Object.keys(secrets).map(
      (name) => `aws secretsmanager create-secret --name openclaw/${name} --secret-string "$(sed -n 's/^${name}=//p' .env)"`,
    ),
    'sed -i "s/ACCOUNT/…/; s/REGION/…/; s/fs-REPLACE/…/; s/fsap-REPLACE/…/" task-definition.json   # and the ends of the ARNs',
    'aws ecs register-task-definition --cli-input-json file://task-definition.json',
    'aws ecs create-service --cli-input-json file://service.json',
  ],
};

/** The sizes of Fargate that a gateway fits: memory in MiB by CPU units, rounded up. */
const fargateSizes = [512, 1024, 2048, 4096, 8192, 16_384] as const;
/** Of Fargate. */
const longestStopSeconds = 120;

function taskDefinition(deployment: Deployment): unknown {
  const { memoryMib } = deployment;
  const memory = fargateSizes.find((size) => size >= memoryMib) ?? fargateSizes.at(-1);
  return {
    family: 'openclaw-gateway',
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: memoryMib > 2048 ? '1024' : '256',
    memory: String(memory),
    executionRoleArn: 'arn:aws:iam::ACCOUNT:role/openclaw-execution',
    taskRoleArn: 'arn:aws:iam::ACCOUNT:role/openclaw-task',
    volumes: [
      {
        name: 'state',
        efsVolumeConfiguration: {
          fileSystemId: 'fs-REPLACE',
          transitEncryption: 'ENABLED',
          // Its POSIX user is 1000:1000: on EFS nobody else may chown.
          authorizationConfig: { accessPointId: 'fsap-REPLACE', iam: 'ENABLED' },
        },
      },
    ],
    containerDefinitions: [containerDefinition(deployment)],
  };
}

function containerDefinition(deployment: Deployment): unknown {
  const { image, port, drainTimeoutMs, secrets } = deployment;
  return {
    name: 'openclaw-gateway',
    image,
    essential: true,
    user: `${imageUser.uid}:${imageUser.gid}`,
    // The database has to lie outside of EFS, and Fargate has neither a tmpfs nor a volume that user 1000 could write.
    readonlyRootFilesystem: false,
    linuxParameters: { capabilities: { drop: ['ALL'] } },
    portMappings: [{ containerPort: port, protocol: 'tcp' }],
    environment: [
      { name: 'OPENCLAW_GATEWAY_BIND', value: 'lan' },
      { name: 'OPENCLAW_GATEWAY_PORT', value: String(port) },
      { name: 'OPENCLAW_DRAIN_TIMEOUT_MS', value: String(drainTimeoutMs) },
    ],
    secrets: Object.keys(secrets).map((name) => ({
      name,
      valueFrom: `arn:aws:secretsmanager:REGION:ACCOUNT:secret:openclaw/${name}`,
    })),
    mountPoints: [{ sourceVolume: 'state', containerPath: imageStateDirectory }],
    stopTimeout: Math.min(graceSeconds(deployment), longestStopSeconds),
    healthCheck: {
      command: ['CMD-SHELL', `curl -fsS http://127.0.0.1:${port}/health || exit 1`],
      interval: 10,
      timeout: 5,
      retries: 3,
      startPeriod: 300,
    },
    logConfiguration: {
      logDriver: 'awslogs',
      options: {
        'awslogs-group': '/ecs/openclaw',
        'awslogs-region': 'REGION',
        'awslogs-stream-prefix': 'gateway',
        'awslogs-create-group': 'true',
      },
    },
  };
}

function service({ port }: Deployment): unknown {
  return {
    cluster: 'default',
    serviceName: 'openclaw-gateway',
    taskDefinition: 'openclaw-gateway',
    launchType: 'FARGATE',
    desiredCount: 1,
    // The old task ends before the new one begins: one state directory has one owner.
    deploymentConfiguration: {
      minimumHealthyPercent: 0,
      maximumPercent: 100,
      deploymentCircuitBreaker: { enable: true, rollback: true },
    },
    // Of the load balancer's checks; those of the container have a start period of their own.
    healthCheckGracePeriodSeconds: 300,
    networkConfiguration: {
      awsvpcConfiguration: { subnets: ['subnet-REPLACE'], securityGroups: ['sg-REPLACE'], assignPublicIp: 'DISABLED' },
    },
    loadBalancers: [
      {
        targetGroupArn: 'arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/openclaw/REPLACE',
        containerName: 'openclaw-gateway',
        containerPort: port,
      },
    ],
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
