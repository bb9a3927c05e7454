// Writes the contract's types. Pictures are Blobs in requests and answers; without this they would be strings, as JSON
// Schema has no other type for them.

import { writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';

const blob = ts.factory.createTypeReferenceNode('Blob');
const [contract, types] = process.argv.slice(2);
const tree = await openapiTS(new URL(contract, `file://${process.cwd()}/`), {
    transform: (schema) => (schema.format === 'binary' ? blob : undefined),
});
await writeFile(types, astToString(tree));
