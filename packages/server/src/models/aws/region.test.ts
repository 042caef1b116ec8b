import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awsRegionOf, inOwnRegion } from './region.ts';

const environment = (values: Readonly<Record<string, string>>) => (name: string) => values[name];

test('the region is that of the address, else that of the environment', () => {
  const ireland = environment({ AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-2' });
  const rows: readonly (readonly [string, string])[] = [
    ['https://bedrock-runtime.ap-southeast-2.amazonaws.com', 'ap-southeast-2'],
    ['https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
    ['https://vpce-0a1b-2c3d.bedrock-runtime.eu-central-1.vpce.amazonaws.com', 'eu-central-1'],
    ['http://127.0.0.1:8080', 'eu-west-1'],
    ['https://bedrock-runtime.internal.example.com', 'eu-west-1'],
  ];
  for (const [baseUrl, region] of rows) assert.equal(awsRegionOf({ baseUrl, lookUp: ireland }), region, baseUrl);
  assert.equal(awsRegionOf({ baseUrl: 'http://localhost', lookUp: environment({ AWS_DEFAULT_REGION: 'eu-west-2' }) }), 'eu-west-2');
  assert.equal(awsRegionOf({ baseUrl: 'http://localhost', lookUp: environment({}) }), 'us-east-1');
});

test("a vendor's address at AWS is that of one's own region, any other stays", () => {
  const moved = (baseUrl: string, region?: string): string =>
    inOwnRegion(baseUrl, environment(region === undefined ? {} : { AWS_REGION: region }));
  const virginia = 'https://bedrock-runtime.us-east-1.amazonaws.com';
  assert.equal(moved(virginia, 'eu-west-1'), 'https://bedrock-runtime.eu-west-1.amazonaws.com');
  assert.equal(moved(virginia), virginia);
  assert.equal(moved(virginia, 'evil.example/'), virginia);
  assert.equal(moved('https://gateway.example.com/bedrock', 'eu-west-1'), 'https://gateway.example.com/bedrock');
});
