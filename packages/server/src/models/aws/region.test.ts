import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awsRegionOf, inRegion } from './region.ts';

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

test("an address of AWS's is moved to another region, any other stays", () => {
  assert.equal(inRegion('https://bedrock-runtime.us-east-1.amazonaws.com', 'eu-west-1'), 'https://bedrock-runtime.eu-west-1.amazonaws.com');
  assert.equal(inRegion('https://gateway.example.com/bedrock', 'eu-west-1'), 'https://gateway.example.com/bedrock');
  assert.equal(
    inRegion('https://bedrock-runtime.us-east-1.amazonaws.com', 'evil.example/'),
    'https://bedrock-runtime.us-east-1.amazonaws.com',
  );
});
