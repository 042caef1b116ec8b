/** What a provider at AWS needs beyond a dialect: its requests signed. Loaded with the first request to one. */
import { loadAwsCredentials } from '../../core/aws/credentials.ts';
import { createAwsSigner, type AwsSigner } from '../../core/aws/signer.ts';
import type { Clock } from '../../core/clock.ts';
import { awsRegionOf } from './region.ts';

export interface BedrockSignerOptions {
  readonly provider: string;
  readonly baseUrl: string;
  /** The value of an environment variable, by whatever means the program reads it. */
  readonly lookUp: (name: string) => string | undefined;
  readonly clock: Clock;
}

export function createBedrockSigner({ provider, baseUrl, lookUp, clock }: BedrockSignerOptions): AwsSigner {
  return createAwsSigner({
    region: awsRegionOf({ baseUrl, lookUp }),
    service: 'bedrock',
    credentials: loadAwsCredentials({ lookUp, provider }),
    clock,
  });
}
