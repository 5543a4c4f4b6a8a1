// Calls a function with a client certificate. The private key stays here: TLS proves that we have it.
//
//   node dist/call.js fetch --pfx allowed.pfx --password-file password.txt https://localhost:7443/api/SecuredFunction
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createAxiosClient } from './axios-client.js';
import type { Client } from './client.js';
import { certificateInFiles } from './client-certificate.js';
import { createFetchClient } from './fetch-client.js';
import { createHttpsClient } from './https-client.js';

const usage = `usage: call <fetch | axios | https> --pfx FILE --password-file FILE [--ca FILE] [--every SECONDS] URL…

Calls each URL once, or again and again with --every. The certificate is read again just as often.`;

const makers = new Map(
  Object.entries({ fetch: createFetchClient, axios: createAxiosClient, https: createHttpsClient }),
);
const { values, positionals } = readArguments();
const [kind = '', ...urls] = positionals;
const createClient = makers.get(kind);
const { pfx, 'password-file': passwordFile, ca } = values;
const seconds = values.every === undefined ? undefined : Number(values.every);
if (createClient === undefined || pfx === undefined || passwordFile === undefined || urls.length === 0) fail();
if (seconds !== undefined && !(seconds > 0)) fail();

try {
  const client = await createClient(certificateInFiles(pfx, passwordFile), {
    ...(ca === undefined ? {} : { ca: await readFile(ca) }),
    ...(seconds === undefined ? {} : { reloadSeconds: seconds }),
  });
  await Promise.all(urls.map((url) => callAgainAndAgain(client, url)));
  client.close();
} catch (error) {
  // fetch only says that it failed. The reason is in `cause`.
  const { cause = error } = error as Error;
  console.error(`The call failed: ${(cause as Error).message}`);
  process.exit(1);
}

async function callAgainAndAgain({ call }: Client, url: string): Promise<void> {
  for (;;) {
    const { status, body } = await call(url);
    console.log(url, status, body);
    if (seconds === undefined) return;
    await wait(seconds * 1000);
  }
}

function readArguments() {
  const options = {
    pfx: { type: 'string' },
    'password-file': { type: 'string' },
    ca: { type: 'string' },
    every: { type: 'string' },
  } as const;
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch {
    fail();
  }
}

function fail(): never {
  console.error(usage);
  process.exit(2);
}
