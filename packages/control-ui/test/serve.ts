/**
 * The page with a made-up gateway behind it, until it is stopped:
 *
 *     node packages/control-ui/test/serve.ts [SCENE]
 */
import { fixtureToken, startFixtureGateway, type Scene } from './fixture-gateway.ts';

const gateway = await startFixtureGateway({ port: 18799, scene: (process.argv[2] ?? 'normal') as Scene });
console.log(`${gateway.url}#token=${fixtureToken}`);
