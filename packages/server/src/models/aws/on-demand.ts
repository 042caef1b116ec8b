/**
 * The signer of a provider at AWS, loaded when the first request to it is sent: AWS's packages would be a fifth of the
 * gateway's start.
 */
import type { AwsSigner } from '../../core/aws/signer.ts';
import type { Provider } from '../target.ts';
import type { BedrockSignerOptions } from './index.ts';

/** What AWS's credentials and regions are found with. */
export type AwsEnvironment = Pick<BedrockSignerOptions, 'lookUp' | 'clock'>;

/** Where the credentials are, for errors. */
export const awsCredentialSource =
  'the AWS credentials of the gateway: access keys in its environment, or the profile or role of its machine';

export function signOnDemand(options: BedrockSignerOptions): NonNullable<Provider['sign']> {
  let signer: Promise<AwsSigner> | undefined;
  return async (request) => {
    signer ??= import('./index.ts').then(({ createBedrockSigner }) => createBedrockSigner(options));
    return (await signer)(request);
  };
}
