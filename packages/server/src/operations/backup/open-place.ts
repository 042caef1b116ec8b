/** From what `--to` or the configuration says to a place, and from what `restore` is given to an archive in one. */
import { basename, dirname, resolve } from 'node:path';
import { loadAwsCredentials, type AwsCredentialSource } from '../../core/aws/credentials.ts';
import type { Clock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import { decode, type OpenWith } from './coding.ts';
import { createDirectoryPlace } from './directory-place.ts';
import type { Place } from './place.ts';
import type { ArchiveToRead } from './restore.ts';
import { createS3Place } from './s3-place.ts';

export interface PlaceContext {
  readonly clock: Clock;
  /** Of `backup.s3`. */
  readonly s3: {
    readonly endpoint?: string;
    readonly region?: string;
    readonly accessKeyId?: string;
    readonly secretAccessKey?: string;
  };
  /** The value of an environment variable. */
  readonly lookUp: (name: string) => string | undefined;
  readonly signal?: AbortSignal;
}

const scheme = 's3://';

export function openPlace(address: string, context: PlaceContext): Place {
  if (!address.startsWith(scheme)) return createDirectoryPlace(address, () => context.clock.now());
  const { s3, lookUp, clock, signal } = context;
  const [bucket = '', ...path] = address.slice(scheme.length).split('/');
  if (!/^[a-z0-9][a-z0-9.-]{1,62}$/i.test(bucket)) {
    const details = { place: address, reason: 'there is no bucket in it', suggestion: 'Write it as s3://bucket/prefix.' };
    throw new OpenClawError('backup_place', { details });
  }
  const endpoint = s3.endpoint ?? lookUp('AWS_ENDPOINT_URL_S3') ?? lookUp('AWS_ENDPOINT_URL');
  return createS3Place({
    ...{ bucket, clock, prefix: path.filter((part) => part !== '').join('/') },
    ...(endpoint !== undefined && { endpoint }),
    ...(signal && { signal }),
    region: s3.region ?? lookUp('AWS_REGION') ?? lookUp('AWS_DEFAULT_REGION') ?? 'us-east-1',
    credentials: credentialsOf(context),
  });
}

/**
 * @param wanted a file, an address of S3, the name of a backup in `place`, or `latest`
 * @throws OpenClawError `backup_not_found`
 */
export async function findArchive(
  wanted: string,
  place: string,
  options: PlaceContext & { readonly openWith: OpenWith },
): Promise<ArchiveToRead> {
  const { at, name } = await locate(wanted, place, options);
  const { address, list, get } = openPlace(at, options);
  // A file may have any name: somebody has copied it.
  const known = wanted.startsWith(scheme) || at === place ? (await list()).some((backup) => backup.name === name) : true;
  if (!known) throw notFound(name, address);
  return { name: wanted === 'latest' ? name : wanted, readTar: () => decode(naming(get(name), wanted), options.openWith) };
}

async function locate(wanted: string, place: string, context: PlaceContext): Promise<{ readonly at: string; readonly name: string }> {
  if (wanted === 'latest') {
    const newest = (await openPlace(place, context).list())[0];
    if (!newest) throw notFound('at all', place);
    return { at: place, name: newest.name };
  }
  if (wanted.startsWith(scheme)) {
    const end = wanted.lastIndexOf('/');
    return { at: wanted.slice(0, end), name: wanted.slice(end + 1) };
  }
  const isName = !wanted.includes('/') && (await openPlace(place, context).list()).some(({ name }) => name === wanted);
  return isName ? { at: place, name: wanted } : { at: dirname(resolve(wanted)), name: basename(wanted) };
}

async function* naming(content: AsyncIterable<Buffer>, wanted: string): AsyncGenerator<Buffer> {
  try {
    yield* content;
  } catch (thrown) {
    if (!(thrown instanceof Error) || !('code' in thrown) || (thrown.code !== 'ENOENT' && thrown.code !== 'EISDIR')) throw thrown;
    throw notFound(wanted, dirname(resolve(wanted)));
  }
}

function notFound(wanted: string, place: string): OpenClawError {
  const suggestion = `\`openclaw backup list --from ${place}\` shows those that there are.`;
  return new OpenClawError('backup_not_found', {
    details: { wanted: wanted === 'at all' ? `in ${place}` : `${wanted} in ${place}`, suggestion },
  });
}

/** The configuration's, else the environment's, else what AWS's own tools would find on this machine. */
function credentialsOf({ s3, lookUp }: PlaceContext): AwsCredentialSource {
  const ofMachine = loadAwsCredentials({ lookUp, provider: 's3' });
  return async () => {
    const { accessKeyId, secretAccessKey } = s3;
    if (accessKeyId !== undefined && secretAccessKey !== undefined) return { accessKeyId, secretAccessKey };
    try {
      return await ofMachine();
    } catch (thrown) {
      const suggestion = 'Set backup.s3.accessKeyId and secretAccessKey, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.';
      throw new OpenClawError('backup_place', { details: { place: 'S3', reason: 'no credentials were found', suggestion }, cause: thrown });
    }
  };
}
