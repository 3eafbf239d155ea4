// What `npm run generate` makes of the schema and the operations: types, typed documents, and the file of documents that
// a server can be held to (GRAPHQL_DOCUMENTS).

import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: '../../schema.graphql',
  documents: '../operations/*.graphql',
  ignoreNoDocuments: false,
  emitLegacyCommonJSImports: false,
  generates: {
    'src/generated/': {
      preset: 'client',
      presetConfig: {
        // Fragments share what several operations ask for; nothing is hidden behind them.
        fragmentMasking: false,
        // The text stays in the client, beside its hash: it can be sent to any server, the hash to one that knows it.
        persistedDocuments: { mode: 'embedHashInDocument', hashAlgorithm: 'sha256' },
      },
      config: {
        documentMode: 'string',
        enumsAsTypes: true,
        useTypeImports: true,
        // A scalar that is not here is an error, not `any`. All of them are exact texts: what JavaScript would round
        // (`Number('799.99') * 3`) is for a decimal library or BigInt.
        strictScalars: true,
        scalars: {
          ID: 'string',
          Decimal: { input: 'string', output: 'string' },
          BigInt: { input: 'string', output: 'string' },
          DateTime: { input: 'string', output: 'string' },
          Date: { input: 'string', output: 'string' },
        },
      },
    },
  },
};

export default config;
