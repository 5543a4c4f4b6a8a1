import { X509Certificate, createPrivateKey } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TrustDocumentError, parseTrustDocument } from '@certgate/core/internal';
import { createClientCertificate, createServerCertificate } from '../../certificates/self-signed-certificate.js';
import { type IncomingResponse, sendRequest } from '#local/client/send-request.js';
import { ToolFailure } from '#local/tool-failure.js';
import {
  type FunctionsHost,
  type HostExit,
  type HostLogLine,
  createFrontEndToken,
  startFunctionsHost,
} from '#local/functions-host/functions-host.js';
import { type Gateway, startGateway } from '#local/gateway/gateway.js';
import { isCallable } from '../../local-app/checks/check-plan.js';
import { explainFailedStart } from '../../local-app/explain-failed-start.js';
import { findUnplayed, heedGate, prepareFrontEnd } from '../../local-app/front-end-settings.js';
import { readPolicy } from '../../local-app/hosted-policy.js';
import type { CallMessage, CallerCertificate, LocalAppFunction, StartLocalAppMessage } from '../local-app-protocol.js';

export interface TestAppSurroundings {
  /** A folder for this app only. The caller makes and removes it. */
  readonly temporaryFolder: string;
  readonly onLog: (line: HostLogLine) => void;
  /** Called if the app ends without being closed. */
  readonly onEnd: (end: Pick<HostExit, 'message' | 'stack'>) => void;
}

/**
 * An app in the embedded host, behind the gateway. The keys that it makes for callers exist only in the memory of this
 * process.
 */
export interface TestApp {
  readonly url: string;
  readonly serverCertificatePem: string;
  readonly functions: readonly LocalAppFunction[];
  call(caller: CallMessage['caller'], request: CallMessage['request']): Promise<IncomingResponse>;
  close(): Promise<void>;
}

/** How many days certificates are valid. No test takes as long, so nothing renews them. */
const days = 2;

/** Rejects with ToolFailure if the callers can't be written as a trust document, or if the app can't be loaded. */
export async function startTestApp(options: StartLocalAppMessage, surroundings: TestAppSurroundings): Promise<TestApp> {
  const { folder } = options;
  const { temporaryFolder, onLog, onEnd } = surroundings;
  const certificates = createCertificates(Object.keys(options.callers));
  const trustFile = join(temporaryFolder, 'trust.json');
  await writeFile(trustFile, createTrustDocument(options.callers, certificates));
  const { missingSettings } = await prepareFrontEnd(
    folder,
    options.frontEnd,
    createFrontEndToken(),
    options.environment,
  );
  const environment = { CERTGATE_TRUST: trustFile, ...options.environment, ...missingSettings };
  const host = await startFunctionsHost({ folder, environment, onLog, onExit: onEnd }).catch(explainFailedStart);
  const unplayed = findUnplayed(host.gate);
  if (unplayed !== undefined) onLog({ source: 'host', level: 'error', message: unplayed });
  const serverCertificate = createServerCertificate({ days, now: new Date() });
  const gateway = await startTestGateway(host, options, serverCertificate).catch(async (error: unknown) => {
    await host.close();
    throw error;
  });
  return Object.freeze({
    url: gateway.url,
    serverCertificatePem: serverCertificate.certificatePem,
    functions: describeFunctions(host),
    call: (caller, request) =>
      send(gateway.url, serverCertificate.certificatePem, findCertificate(certificates, caller), request),
    close: async () => {
      await gateway.close();
      await host.close();
    },
  } satisfies TestApp);
}

async function startTestGateway(
  host: FunctionsHost,
  { frontEnd, clientCertificateMode }: StartLocalAppMessage,
  serverCertificate: ReturnType<typeof createServerCertificate>,
): Promise<Gateway> {
  const { name, secret } = heedGate(host.gate, host.settings, frontEnd);
  if (name !== 'app-service' && clientCertificateMode !== 'optional') {
    throw new ToolFailure(`clientCertificateMode is for app-service, and the front end here is ${name}.`, {
      remedy: 'Leave it out.',
    });
  }
  return startGateway({
    upstream: new URL(host.url),
    upstreamToken: host.frontEndField,
    serverCertificate,
    frontEnd: name,
    ...(secret === undefined ? {} : { frontEndSecret: secret }),
    clientCertificateMode,
    hasLandingPage: false,
  });
}

function createCertificates(names: readonly string[]): ReadonlyMap<string, CallerCertificate> {
  const now = new Date();
  return new Map(['denied', ...names].map((name) => [name, createClientCertificate({ name, days, now })]));
}

function createTrustDocument(
  callers: StartLocalAppMessage['callers'],
  certificates: ReadonlyMap<string, CallerCertificate>,
): string {
  const identities = Object.entries(callers).map(([name, grant]) => ({
    name,
    roles: [],
    ...grant,
    reason: 'made by startLocalApp for a test',
    pins: [{ thumbprintSha256: readThumbprint(certificates.get(name)) }],
  }));
  const document = JSON.stringify({ schemaVersion: 1, revision: 1, identities }, null, 2);
  try {
    parseTrustDocument(document);
  } catch (cause) {
    if (!(cause instanceof TrustDocumentError)) throw cause;
    throw new ToolFailure(`callers can't be written as a trust document. ${cause.message}.`, { cause });
  }
  return document;
}

function readThumbprint(certificate: CallerCertificate | undefined): string {
  return certificate === undefined
    ? ''
    : new X509Certificate(certificate.certificatePem).fingerprint256.replaceAll(':', '');
}

/**
 * Describes the functions. As everywhere, a function that the app's process does not clearly report as anonymous is
 * closed.
 */
function describeFunctions({ functions }: FunctionsHost): readonly LocalAppFunction[] {
  return functions.map((hosted) => {
    const { policy, ...rest } = hosted;
    return isCallable(rest) ? { ...rest, policy: readPolicy({ ...rest, policy }) } : rest;
  });
}

function findCertificate(
  certificates: ReadonlyMap<string, CallerCertificate>,
  caller: CallMessage['caller'],
): CallerCertificate | undefined {
  if (caller === 'none') return undefined;
  if (typeof caller !== 'string') return expectKeyPair(caller);
  const certificate = certificates.get(caller);
  if (certificate === undefined) throw new Error(`There is no caller "${caller}".`);
  return certificate;
}

/** Checks the key before TLS would, so that the message is clear. */
function expectKeyPair({ certificatePem, privateKeyPem }: CallerCertificate): CallerCertificate {
  try {
    if (new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(privateKeyPem))) {
      return { certificatePem, privateKeyPem };
    }
  } catch (cause) {
    throw new Error("The caller's certificate or its key can't be read as PEM.", { cause });
  }
  throw new Error("The caller's key belongs to another certificate.");
}

function send(
  origin: string,
  caPem: string,
  certificate: CallerCertificate | undefined,
  { path, method, headers, bodyBase64 }: CallMessage['request'],
): Promise<IncomingResponse> {
  return sendRequest({
    url: `${origin}${path}`,
    method,
    headers,
    caPem,
    ...(certificate === undefined ? {} : { certificate }),
    ...(bodyBase64 === undefined ? {} : { body: Buffer.from(bodyBase64, 'base64') }),
  });
}
