// The configuration of `npm run generate`, which generates types, typed documents and the file of documents for
// GRAPHQL_DOCUMENTS from the schema and the operations.

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
        // Fragments only share selections here; their fields are visible in the types of the operations.
        fragmentMasking: false,
        // Documents keep their text beside the hash, so that the client works with servers without persisted documents.
        persistedDocuments: { mode: 'embedHashInDocument', hashAlgorithm: 'sha256' },
      },
      config: {
        documentMode: 'string',
        enumsAsTypes: true,
        useTypeImports: true,
        // An unlisted scalar is an error instead of `any`. All scalars are strings, because JavaScript's numbers would round
        // them: `Number('799.99') * 3`.
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
