// Serves the page as `certgate dev` does, with a real app behind the real gateway, in this process. Most requests in
// the live view are sample events, which are passed to the inspector in the form that the host reports, without a
// request. So a test can add thousands of them quickly.
import { fileURLToPath } from 'node:url';
import { startInspector } from '../../packages/certgate/dist/esm/inspector/inspector.js';
import { runLocalApp } from '../../packages/certgate/dist/esm/local-app/local-app.js';

const folder = fileURLToPath(new URL('sample-app/', import.meta.url));

/**
 * @param options e.g. `trustFile`, a trust document that is not made for the app
 * @returns the page's address and token, the app, and functions that add events and close the page.
 */
export async function startInspectedApp(options = {}) {
  let inspector;
  const port = { port: 0, isFixed: false };
  const app = await runLocalApp({
    ...options,
    folder,
    gatewayPort: port,
    hostPort: port,
    onAnswer: (answer) => inspector?.noteAnswer(answer),
    onExchange: (...exchange) => inspector?.noteExchange(...exchange),
  });
  const behaviour = { clientCertificateMode: 'optional', exclusionPaths: [], worstCase: false };
  inspector = await startInspector({
    subject: { running: { app, frontEnd: app.frontEnd, behaviour, namesToCall: [] } },
  });
  const callers = new Map(app.callers.map(({ name, certificate }) => [name, certificate?.certificate]));
  // The page explains an event by the certificate that passed through the gateway, so each caller's certificate is
  // reported as passed.
  for (const certificate of callers.values()) {
    if (certificate !== undefined) inspector.noteExchange(describePassage(certificate), certificate.der);
  }
  const [url, token] = inspector.url.split('#token=');
  let count = 0;
  return {
    url,
    token,
    folder,
    app,
    /** The certificate of the caller "denied". */
    certificatePem: app.callers.find(({ name }) => name === 'denied').certificate.certificatePem,
    /** Adds the next `given` sample events if `given` is a number. Otherwise adds the events in `given`. */
    emit: (given) => {
      const answers =
        typeof given === 'number' ? Array.from({ length: given }, () => createSampleAnswer(++count, callers)) : given;
      for (const answer of answers) inspector.noteAnswer(answer);
    },
    closeInspector: () => inspector.close(),
    close: async () => {
      await inspector.close().catch(() => undefined);
      await app.close();
    },
  };
}

/** Describes a request that passed through the gateway. The inspector reads only the thumbprint. */
function describePassage({ thumbprintSha256 }) {
  const request = { method: 'GET', path: '/', status: 200, milliseconds: 1, answeredBy: 'upstream' };
  return { ...request, clientCertificateThumbprintSha256: thumbprintSha256 };
}

const rows = [
  ['GET', '/api/orders/1042', 200, 'GetOrder', 'allowed', 'allowed', 'allowed'],
  ['GET', '/api/orders/1042', 401, 'GetOrder', 'denied', 'denied', 'certificate_not_trusted', 'No identity has it.'],
  ['GET', '/api/health', 200, 'Health'],
  ['POST', '/api/orders/1042/refund', 403, 'Refund', 'allowed', 'denied', 'role_missing', 'It lacks refunds.write.'],
  [
    ...['GET', '/api/exports/invoices/2025', 200, 'ExportInvoicesOfAllCustomersOfTheLastFinancialYear'],
    ...['allowed', 'observed', 'role_missing', 'It lacks invoices.export; report-only.'],
  ],
  ['GET', '/api/orders/77', 401, 'GetOrder', undefined, 'denied', 'certificate_missing', 'The caller sent none.'],
  ['GET', '/favicon.ico', 404],
  [
    ...['GET', '/api/orders/78', 401, 'GetOrder', 'wrong-usage', 'denied'],
    ...['certificate_extended_key_usage_unsuitable', 'Its extended key usage has no clientAuth.'],
  ],
];

/** A sample event in the form that the host reports. The same `count` always gives the same event. */
export function createSampleAnswer(count, callers = new Map()) {
  const row = rows[(count * 5 + Math.floor(count / 7)) % rows.length];
  const [method, path, status, functionName, caller, outcome, code, detail] = row;
  const certificate = callers.get(caller);
  return {
    method,
    path,
    status,
    time: Date.UTC(2026, 10, 26, 9) + count * 137,
    durationMilliseconds: ((count * 37) % 190) / 10 + 1.2,
    ...(functionName === undefined
      ? {}
      : { functionName, correlationId: `4b7c${count.toString(16).padStart(4, '0')}-93d1-4e0a-8f52-000000001eef` }),
    ...(outcome === undefined
      ? {}
      : {
          decision: {
            outcome,
            code,
            ...(detail === undefined ? {} : { detail }),
            ...(certificate === undefined ? {} : { thumbprintSha256: certificate.thumbprintSha256 }),
            ...(outcome === 'denied' && code !== 'role_missing' ? {} : { identityName: caller }),
          },
        }),
  };
}
