/**
 * The part of the schema that says where secrets lie outside of this machine, and how the gateway is let in there.
 * What a reference may say is in `@openclaw/protocol`; which source is asked how, in `secrets/`.
 */
import { schema as s, type Infer } from '@openclaw/protocol';

const address = { pattern: '^https?://[^\\s?#@]+$', expects: "a web address such as 'https://vault.example.org:8200'" };
const oneWord = { pattern: '^[^\\s/?#]+$', expects: 'a name without spaces and slashes' };
const path = { pattern: '^[^\\s/?#]+(/[^\\s/?#]+)*$', expects: "a path such as 'team/kv', without a slash at its ends" };

const vault = s.object(
  {
    address: s.string({ description: 'Where it answers. Absent: VAULT_ADDR.', ...address }),
    namespace: s.string({ description: 'Absent: VAULT_NAMESPACE, else none.', minLength: 1 }),
    mount: s.string({ description: 'Mount of the KV version 2 engine.', default: 'secret', ...path }),
    caFile: s.string({
      description: 'Certificates that are trusted, in PEM; relative to the configuration file. Absent: VAULT_CACERT, else those of Node.',
      minLength: 1,
    }),
    token: s.secret({ description: 'A token. Absent, and no login below: VAULT_TOKEN.' }),
    appRole: s.object(
      {
        roleId: s.string({ description: 'The role.', minLength: 1 }),
        secretId: s.secret({ description: 'Its secret id.' }),
        mount: s.string({ description: 'Mount of the login.', default: 'approle', ...path }),
      },
      { description: 'Login by AppRole.', required: ['roleId'], optional: true },
    ),
    kubernetes: s.object(
      {
        role: s.string({ description: 'The role.', minLength: 1 }),
        mount: s.string({ description: 'Mount of the login.', default: 'kubernetes', ...path }),
        tokenFile: s.string({
          description: 'The token of the service account.',
          default: '/var/run/secrets/kubernetes.io/serviceaccount/token',
        }),
      },
      { description: 'Login by the service account of the pod.', required: ['role'], optional: true },
    ),
  },
  { description: 'HashiCorp Vault or OpenBao, KV version 2.' },
);

const aws = s.object(
  {
    region: s.string({ description: 'Absent: AWS_REGION, else AWS_DEFAULT_REGION.', ...oneWord }),
    endpoint: s.string({ description: 'In place of the address of the region. Absent: AWS_ENDPOINT_URL_SECRETS_MANAGER.', ...address }),
  },
  { description: 'AWS Secrets Manager; credentials are found as AWS’s own tools find them.' },
);

const azure = s.object(
  {
    vaultUrl: s.string({ description: "Such as 'https://NAME.vault.azure.net'.", ...address }),
    tenantId: s.string({ description: 'Absent: AZURE_TENANT_ID.', ...oneWord }),
    clientId: s.string({ description: 'Absent: AZURE_CLIENT_ID.', ...oneWord }),
    clientSecret: s.secret({
      description: 'Absent: AZURE_CLIENT_SECRET, else the token in AZURE_FEDERATED_TOKEN_FILE, else the managed identity of the machine.',
    }),
  },
  { description: 'Azure Key Vault.' },
);

const google = s.object(
  {
    project: s.string({ description: 'Absent: GOOGLE_CLOUD_PROJECT.', ...oneWord }),
    credentialsFile: s.string({
      description:
        'Key of a service account, in JSON; relative to the configuration file. Absent: GOOGLE_APPLICATION_CREDENTIALS, else the account of the machine.',
      minLength: 1,
    }),
    endpoint: s.string({ description: 'In place of https://secretmanager.googleapis.com.', ...address }),
  },
  { description: 'Google Secret Manager.' },
);

export const secrets = s.object(
  {
    refreshMs: s.durationMs({
      description: 'How often a source beyond this machine is asked whether a secret is another one by now; sooner where it says so.',
      default: 300_000,
      minimum: 1000,
    }),
    timeoutMs: s.durationMs({ description: 'Time for a source to answer, or for a command to end.', default: 10_000, minimum: 100 }),
    ...{ vault, aws, azure, google },
  },
  { description: 'Where `{ $secret: … }` leads beyond files and variables.' },
);

export type SecretsSettings = Infer<typeof secrets>;
