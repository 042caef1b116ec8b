/**
 * Who may import whom, as ARCHITECTURE.md draws it. `npm run check` refuses the rest, and a test plants violations to prove that.
 *
 * The parser has to be swc: with TypeScript 7 alone the default one skips every `.ts` file and reports success.
 */
import { Visitor } from '@swc/core/Visitor.js';

const { visitStatement } = Visitor.prototype;

/** The walker that dependency-cruiser gets from swc stops at `using` declarations, which it does not know. */
Visitor.prototype.visitStatement = function visitKnownStatement(statement) {
  if (statement.type !== 'UsingDeclaration') return visitStatement.call(this, statement);
  this.visitVariableDeclarators(statement.decls);
  return statement;
};

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycle',
      severity: 'error',
      comment:
        'Files that import each other are one file in pieces. An import of a type alone does not count: it is gone when the program runs.',
      from: {},
      to: {
        circular: true,
        viaOnly: {
          dependencyTypesNot: ['type-only'],
        },
      },
    },
    {
      name: 'not-found',
      severity: 'error',
      comment: 'The import leads nowhere, or to a package that package.json does not name.',
      from: {},
      to: {
        couldNotResolve: true,
      },
    },
    {
      name: 'protocol-stands-alone',
      severity: 'error',
      comment: 'What goes over a wire is for browsers too: no Node, no other package.',
      from: {
        path: '^packages/protocol/src/',
        pathNot: '\\.test\\.ts$',
      },
      to: {
        pathNot: '^packages/protocol/src/',
      },
    },
    {
      name: 'client-knows-protocol-alone',
      severity: 'error',
      comment: 'Programs and pages of others load it: no Node, and no package but the protocol.',
      from: {
        path: '^packages/client/src/',
        pathNot: '\\.(test|fixture|suite)\\.ts$|^packages/client/src/node/',
      },
      to: {
        pathNot: '^packages/(client|protocol)/src/',
      },
    },
    {
      name: 'client-for-node-is-an-addition',
      severity: 'error',
      comment: 'What of the client is for Node alone uses Node and the client; nothing of the client uses it.',
      from: {
        path: '^packages/client/src/node/',
        pathNot: '\\.test\\.ts$',
      },
      to: {
        pathNot: '^packages/client/src/',
        dependencyTypesNot: ['core'],
      },
    },
    {
      name: 'client-runs-without-node',
      severity: 'error',
      comment: 'Pages load the client; what only Node has comes by its own door.',
      from: {
        path: '^packages/client/src/',
        pathNot: '\\.(test|fixture|suite)\\.ts$|^packages/client/src/node/',
      },
      to: {
        path: '^packages/client/src/node/',
      },
    },
    {
      name: 'control-ui-is-a-client',
      severity: 'error',
      comment: 'The page knows of the gateway what any client knows; vite is for the one file that says how to bundle.',
      from: {
        path: '^packages/control-ui/src/',
        pathNot: '\\.test\\.ts$',
      },
      to: {
        pathNot: '^packages/(control-ui|client|protocol)/|^node_modules/(preact|@preact/signals|uplot|@noble/[^/]+)/',
      },
    },
    {
      name: 'core-knows-protocol-alone',
      severity: 'error',
      comment: 'Everything may use core, so core may use nothing of ours but the protocol.',
      from: {
        path: '^packages/server/src/core/',
      },
      to: {
        path: '^packages/server/src/',
        pathNot: '^packages/server/src/core/',
      },
    },
    {
      name: 'config-knows-core-alone',
      severity: 'error',
      comment: 'Configuration says what holds; it does not know who asks.',
      from: {
        path: '^packages/server/src/config/',
      },
      to: {
        path: '^packages/server/src/',
        pathNot: '^packages/server/src/(core|config)/',
      },
    },
    {
      name: 'storage-knows-core-alone',
      severity: 'error',
      comment: 'Storage keeps what it is given; it does not know what that means.',
      from: {
        path: '^packages/server/src/storage/',
      },
      to: {
        path: '^packages/server/src/',
        pathNot: '^packages/server/src/(core|storage)/',
      },
    },
    {
      name: 'docker-engine-knows-core-alone',
      severity: 'error',
      comment: 'It speaks with Docker for whoever asks; it does not know what the containers are for.',
      from: {
        path: '^packages/server/src/docker-engine/',
      },
      to: {
        path: '^packages/server/src/',
        pathNot: '^packages/server/src/(core|docker-engine)/',
      },
    },
    {
      name: 'parts-do-not-know-each-other',
      severity: 'error',
      comment: 'A part declares in its own folder the few functions that it needs of another; compose/ passes in what fits.',
      from: {
        path: '^packages/server/src/(access|models|runs|workloads|operations|channels)/',
      },
      to: {
        path: '^packages/server/src/',
        pathNot: '^packages/server/src/($1|core|config|storage|docker-engine)/|^packages/server/src/version\\.ts$',
      },
    },
    {
      name: 'gateway-meets-parts-at-the-door',
      severity: 'error',
      comment: "The gateway uses what a part's index.ts offers and nothing behind it.",
      from: {
        path: '^packages/server/src/gateway/',
      },
      to: {
        path: '^packages/server/src/(access|models|runs|workloads|operations|channels|config|storage)/',
        pathNot: '^packages/server/src/[^/]+/index\\.ts$',
      },
    },
    {
      name: 'gateway-does-not-know-who-builds-it',
      severity: 'error',
      comment: 'Only the command lines import compose/, and nothing imports the command lines.',
      from: {
        path: '^packages/server/src/gateway/',
      },
      to: {
        path: '^packages/server/src/(compose/|cli/)',
      },
    },
    {
      name: 'compose-does-not-know-the-command-line',
      severity: 'error',
      comment: 'What builds the parts has no terminal.',
      from: {
        path: '^packages/server/src/compose/',
      },
      to: {
        path: '^packages/server/src/cli/',
      },
    },
    {
      name: 'clw-is-a-client',
      severity: 'error',
      comment:
        'clw speaks to the API like anybody else. What it may use beside it are the pure functions that judge a memory trace, since it does so without a gateway.',
      from: {
        path: '^packages/server/src/cli/clw/',
      },
      to: {
        path: '^packages/server/src/',
        pathNot: '^packages/server/src/(core/|cli/clw/|cli/[^/]+\\.ts$|workloads/analysis/|version\\.ts$)',
      },
    },
    {
      name: 'program-does-not-know-its-tests',
      severity: 'error',
      comment: 'What ships imports no tests, fixtures, scripts or benchmarks.',
      from: {
        path: '^packages/[^/]+/src/',
        pathNot: '\\.(test|fixture|suite)\\.ts$',
      },
      to: {
        path: '^(packages/[^/]+/test|scripts|bench)/|\\.(test|fixture|suite)\\.ts$',
      },
    },
    {
      name: 'program-uses-its-own-dependencies',
      severity: 'error',
      comment: 'A published package has only the dependencies that its own package.json names.',
      from: {
        path: '^packages/[^/]+/(src|bin)/',
        pathNot: '\\.(test|fixture|suite)\\.ts$',
      },
      to: {
        dependencyTypes: ['npm-dev', 'npm-optional', 'npm-no-pkg', 'npm-unknown', 'npm-peer'],
      },
    },
  ],
  options: {
    parser: 'swc',
    doNotFollow: {
      path: 'node_modules|/dist/',
    },
    exclude: {
      path: '^bench/peers/|/dist/',
    },
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.json', '.d.ts'],
    },
  },
};
