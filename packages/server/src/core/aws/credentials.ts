/**
 * AWS credentials as AWS's own tools find them: access keys in the environment, then whatever the account of this machine has
 * (profiles, SSO, roles of containers and instances). What belongs to the machine is found by AWS's own package, which is loaded
 * when it is first needed.
 *
 * It signs nothing: see `signer.ts`. Keys of Bedrock (`AWS_BEARER_TOKEN_BEDROCK`) are bearer tokens, which need none of this.
 */
import { OpenClawError, reasonOf } from '../errors.ts';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** Asked before each signature: temporary credentials are renewed in time. @throws OpenClawError `upstream_authentication` */
export type AwsCredentialSource = () => Promise<AwsCredentials>;

export interface AwsCredentialOptions {
  /** The value of an environment variable, by whatever means the program reads it. */
  readonly lookUp: (name: string) => string | undefined;
  /** For whom they are, for errors. */
  readonly provider: string;
  /** Finds what the machine itself has; a test passes its own. @default AWS's chain */
  readonly ofMachine?: () => Promise<AwsCredentialSource>;
}

/** Nothing is read, loaded or asked before the first call of what is returned. */
export function loadAwsCredentials(options: AwsCredentialOptions): AwsCredentialSource {
  const { lookUp, provider, ofMachine = loadChain } = options;
  let chain: Promise<AwsCredentialSource> | undefined;
  return async () => {
    const found = keysFrom(lookUp);
    if (found) return found;
    try {
      chain ??= ofMachine();
      const source = await chain;
      return await source();
    } catch (thrown) {
      throw noCredentials(provider, thrown);
    }
  };
}

function keysFrom(lookUp: AwsCredentialOptions['lookUp']): AwsCredentials | undefined {
  const accessKeyId = lookUp('AWS_ACCESS_KEY_ID')?.trim();
  const secretAccessKey = lookUp('AWS_SECRET_ACCESS_KEY')?.trim();
  if (!accessKeyId || !secretAccessKey) return undefined;
  const sessionToken = lookUp('AWS_SESSION_TOKEN')?.trim();
  return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
}

/** Longer waits for the service of an instance that this machine may not be. */
const metadataTimeoutMs = 1000;

/** The chain keeps what it found and asks again shortly before it expires. */
async function loadChain(): Promise<AwsCredentialSource> {
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
  return defaultProvider({ timeout: metadataTimeoutMs, maxRetries: 0 });
}

function noCredentials(provider: string, thrown: unknown): OpenClawError {
  const details = {
    provider,
    reason: `no AWS credentials were found (${reasonOf(thrown)})`,
    keySource: 'AWS_BEARER_TOKEN_BEDROCK, AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, or the AWS profile of this machine',
  };
  return new OpenClawError('upstream_authentication', { details, cause: thrown });
}
