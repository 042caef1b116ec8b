/** The region that an endpoint of AWS is in, which is part of every signature. */

/** What AWS's tools take where nobody names one. */
const fallback = 'us-east-1';

export interface RegionOptions {
  readonly baseUrl: string;
  readonly lookUp: (name: string) => string | undefined;
}

/** By the address (`bedrock-runtime.eu-west-1.amazonaws.com`, endpoints of a VPC too), else by the environment. */
export function awsRegionOf({ baseUrl, lookUp }: RegionOptions): string {
  const inAddress = /(?:^|\.)bedrock-runtime(?:-fips)?\.([a-z]{2}(?:-[a-z]+)+-\d+)\./.exec(new URL(baseUrl).hostname)?.[1];
  return inAddress ?? regionFrom(lookUp) ?? fallback;
}

function regionFrom(lookUp: RegionOptions['lookUp']): string | undefined {
  return lookUp('AWS_REGION')?.trim() || lookUp('AWS_DEFAULT_REGION')?.trim() || undefined;
}

/** A vendor's address in the region that the environment names; any that is not AWS's stays as it is. */
export function inOwnRegion(baseUrl: string, lookUp: RegionOptions['lookUp']): string {
  const region = regionFrom(lookUp);
  if (region === undefined || !/^[a-z0-9-]+$/.test(region)) return baseUrl;
  return baseUrl.replace(/(\/\/bedrock-runtime(?:-fips)?\.)[a-z0-9-]+(\.amazonaws\.com)/, `$1${region}$2`);
}
