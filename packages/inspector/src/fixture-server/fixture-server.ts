import { readFileSync } from 'node:fs';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type {
  DroppedFile,
  InspectorState,
  LiveDetails,
  LiveEvent,
  ReadResult,
  TrustView,
  TryRequest,
  TryResult,
} from '../../../certgate/src/trust/views/page-views.js';
import { createSampleMatrix, sampleState } from './sample-app.js';
import { createSampleCertificate, lockedPfx, sampleCrl, unreadable } from './sample-certificate.js';
import { createSampleEvent } from './sample-events.js';
import { explainAllowed, explainDenied, explainRevoked, notTrusted } from './sample-explanations.js';
import { sampleTrust } from './sample-trust.js';

const page = fileURLToPath(new URL('../../../../certgate/dist/inspector-page/', import.meta.url));
const files: Readonly<Record<string, readonly [name: string, type: string]>> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/inspector.js': ['inspector.js', 'text/javascript; charset=utf-8'],
  '/inspector.css': ['inspector.css', 'text/css; charset=utf-8'],
};
/** The tool's own: the page must work under it. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

export interface FixtureOptions {
  readonly state?: InspectorState;
  readonly trust?: TrustView;
}

export interface Fixture {
  readonly url: string;
  readonly token: string;
  readonly server: Server;
  readonly tries: readonly TryRequest[];
  /** The next `count` sample events, or the given ones, to every open stream. */
  readonly emit: (given: number | readonly LiveEvent[]) => void;
  /** Ends the open streams, as a restart would. */
  readonly cutStreams: () => void;
  readonly close: () => Promise<void>;
}

export async function startFixture({
  state = sampleState,
  trust = sampleTrust,
}: FixtureOptions = {}): Promise<Fixture> {
  const token = 'a-token-of-the-fixture';
  const streams = new Set<ServerResponse>();
  const tries: TryRequest[] = [];
  const emitted = new Map<number, LiveEvent>();
  let lastId = 0;
  const answers: Readonly<Record<string, (body: unknown) => unknown>> = {
    'GET /api/state': () => state,
    'GET /api/trust': () => trust,
    'POST /api/matrix': () => createSampleMatrix(),
    'POST /api/read': (body) => readSample(body as DroppedFile),
    'POST /api/try': (body) => {
      tries.push(body as TryRequest);
      return answerTry(body as TryRequest);
    },
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://fixture');
    response.setHeader('content-security-policy', policy);
    response.setHeader('cache-control', 'no-store');
    const file = files[pathname];
    if (file !== undefined) {
      response.setHeader('content-type', file[1]);
      response.end(readFileSync(page + file[0]));
      return;
    }
    if (request.headers['x-certgate-inspector'] !== token) {
      send(response, 401, { message: 'The token is not that of this start.' });
      return;
    }
    if (pathname === '/api/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': open\n\n');
      streams.add(response);
      request.on('close', () => streams.delete(response));
      return;
    }
    const [, id] = /^\/api\/events\/(\d+)$/.exec(pathname) ?? [];
    const answer = answers[`${request.method ?? 'GET'} ${pathname}`];
    if (id !== undefined) send(response, 200, describeEvent(emitted.get(Number(id)) ?? createSampleEvent(Number(id))));
    else if (answer === undefined) send(response, 404, { message: 'There is nothing here.' });
    else send(response, 200, answer(await readJson(request)));
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      send(response, 500, { message: String(error) });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A test that fails does not come to its end.
  server.unref();
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    token,
    server,
    tries,
    emit: (given) => {
      const events =
        typeof given === 'number' ? Array.from({ length: given }, () => createSampleEvent(++lastId)) : given;
      for (const event of events) if (typeof given !== 'number') emitted.set(event.id, event);
      const text = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
      for (const stream of streams) stream.write(text);
    },
    cutStreams: () => {
      for (const stream of streams) stream.destroy();
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const text = Buffer.concat(pieces).toString();
  return text === '' ? undefined : JSON.parse(text);
}

function describeEvent(event: LiveEvent): LiveDetails {
  const { functionName, code } = event;
  if (functionName === null || event.verdict === 'open') return { event, explanation: null };
  return { event, explanation: code === 'allowed' ? explainAllowed(functionName) : explainByCode(functionName, code) };
}

function explainByCode(functionName: string, code: string | null): LiveDetails['explanation'] {
  if (code === 'certificate_missing') {
    const denial = {
      ...notTrusted,
      step: 'certificate-header',
      code,
      detail: 'The caller sent no certificate.',
    } as const;
    return explainDenied(functionName, denial, null);
  }
  if (code === 'role_missing') {
    const detail = 'The identity "warehouse" lacks the role refunds.write.';
    const denial = { step: 'authorization', code, detail, status: 403, publicCode: 'forbidden' } as const;
    return explainDenied(functionName, denial, 'CN=warehouse,O=Example GmbH');
  }
  return explainDenied(functionName, notTrusted, 'CN=denied,O=Example GmbH');
}

function answerTry({ functionName, method, target, caller }: TryRequest): TryResult {
  const id = 'id' in caller ? caller.id : 'file';
  const isAllowed = functionName === 'Health' || id.startsWith('allowed');
  const url = `https://localhost:7443${target}`;
  const files = `--certificate .certgate/${id}.pfx --password-file .certgate/password.txt --cacert .certgate/gateway.crt.pem`;
  const body = isAllowed
    ? '{\n  "order": 1042,\n  "customer": "Example GmbH",\n  "total": "118.40 EUR"\n}'
    : '{"type":"urn:certgate:problem:client_certificate_required","title":"A client certificate that is allowed to call this function is required.","status":401,"code":"client_certificate_required","correlationId":"4b7c0001-93d1-4e0a-8f52-000000001eef"}';
  return {
    answer: {
      status: isAllowed ? 200 : 401,
      answeredBy: 'app',
      headers: [
        ['content-type', 'application/json'],
        ['x-correlation-id', '4b7c0001-93d1-4e0a-8f52-000000001eef'],
      ],
      body,
      bodyLength: body.length,
      durationMilliseconds: 7.4,
      correlationId: '4b7c0001-93d1-4e0a-8f52-000000001eef',
    },
    fault: null,
    explanation: explainTry(functionName, id),
    commands: {
      certgate: `npx --no-install certgate call ${url} --method ${method} ${files}`,
      curl: `curl --request ${method} --cert-type P12 --cert .certgate/${id}.pfx --cacert .certgate/gateway.crt.pem '${url}'`,
    },
  };
}

function explainTry(functionName: string, id: string): TryResult['explanation'] {
  if (functionName === 'Health') return null;
  if (id.startsWith('allowed')) return explainAllowed(functionName);
  if (id === 'lookalike') return explainRevoked(functionName);
  if (id === 'none' || id === 'forged-header') return explainByCode(functionName, 'certificate_missing');
  return explainDenied(functionName, notTrusted, `CN=${id},O=Example GmbH`);
}

/** By the file's name, and for pasted text by what stands in it. */
function readSample({ name, base64, password }: DroppedFile): ReadResult {
  if (name.endsWith('.pfx') && password === null) return lockedPfx;
  if (name.endsWith('.crl')) return sampleCrl;
  const text = Buffer.from(base64, 'base64').toString();
  if (name === 'pasted text' && !text.includes('CERTIFICATE')) return unreadable;
  return createSampleCertificate('CN=billing,O=Example GmbH');
}
