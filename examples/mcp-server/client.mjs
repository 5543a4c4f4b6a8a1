// Calls each tool, and prints the answer: node client.mjs [<url> [<certificate.pem> <key.pem> [<ca.pem>]]]
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { createCertificateTransport } from './certificate-transport.mjs';

const [url = 'https://localhost:7443', ...files] = process.argv.slice(2);
// The system key of the MCP extension, if the app requires one. It comes from the environment, so that no list of
// processes shows it.
const systemKey = process.env.MCP_EXTENSION_KEY;

try {
  const [cert, key, ca] = files.map((file) => readFileSync(file, 'utf8'));
  const client = new Client({ name: 'orders-agent', version: '1.0.0' });
  await client.connect(createCertificateTransport(url, { cert, key, ca, systemKey }));
  const { tools } = await client.listTools();
  for (const { name } of tools) {
    const { isError, content } = await client.callTool({ name, arguments: { order: '4711' } });
    const text = content.map((block) => (block.type === 'text' ? block.text : `[${block.type}]`)).join('\n');
    // A refusal is also a result: problem details in JSON, with a code and the correlation id of the app's log line.
    console.log(`${name}: ${isError === true ? 'refused or failed: ' : ''}${text}`);
  }
  await client.close();
} catch (error) {
  // fetch only says that it failed. The reason is in `cause`.
  console.error(`The call failed: ${(error.cause ?? error).message}`);
  process.exitCode = 1;
}
