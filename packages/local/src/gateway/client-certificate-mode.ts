/**
 * Decides when App Service's front end asks for a client certificate, and whether a request may pass without one. The
 * rules are in "Set up TLS mutual authentication" of the Azure App Service documentation.
 *
 * - `required` or `optional` without exclusion paths: asks in the TLS handshake, before any request is read.
 * - `optional-interactive`, or any exclusion path: the front end must read the request before it knows whether to ask,
 *   so it renegotiates. TLS 1.3 and HTTP/2 are off. What the client sends meanwhile must fit into the front end's
 *   buffer (tls-renegotiation.ts).
 * - `ignore` (`clientCertEnabled: false`): never asks.
 */
export const clientCertificateModes = ['required', 'optional', 'optional-interactive', 'ignore'] as const;
/** How the local front end treats client certificates: the `clientCertMode` of App Service. */
export type ClientCertificateMode = (typeof clientCertificateModes)[number];

export type CertificateRequestTime = 'in-handshake' | 'after-request-head' | 'never';

export function getCertificateRequestTime(
  mode: ClientCertificateMode,
  exclusionPaths: readonly string[],
): CertificateRequestTime {
  if (mode === 'ignore') return 'never';
  return mode === 'optional-interactive' || exclusionPaths.length > 0 ? 'after-request-head' : 'in-handshake';
}

export interface RequestToClassify {
  /** The request target in origin form. */
  readonly target: string;
  readonly userAgent: string | undefined;
}

export interface CertificateRequestSettings {
  readonly mode: ClientCertificateMode;
  readonly exclusionPaths: readonly string[];
  readonly worstCase: boolean;
}

/**
 * Whether a request needs a certificate. `none`: the front end neither asks for one nor passes one on. `optional`: the
 * caller may show one. `required`: the caller must show one.
 */
export function classifyRequest(
  policy: CertificateRequestSettings,
  request: RequestToClassify,
): 'none' | 'optional' | 'required' {
  if (policy.mode === 'ignore' || isExcludedPath(policy, request.target)) return 'none';
  if (policy.mode === 'required') return 'required';
  if (policy.mode === 'optional-interactive' && isBrowser(request.userAgent)) return 'none';
  return 'optional';
}

/**
 * Whether the path starts with an exclusion path, without regard to case. As on Azure, `/public` excludes
 * `/publicadmin` too.
 *
 * Azure does not document whether it compares the path as sent or as normalized. A path that is excluded in only one of
 * the two readings (`/public/../orders`, `/%70ublic`) is excluded only with `worstCase`.
 */
export function isExcludedPath(policy: Omit<CertificateRequestSettings, 'mode'>, target: string): boolean {
  const sent = target.split('?', 1)[0] ?? '';
  const readings = [sent, normalizePath(sent)].map((path) => path.toLowerCase());
  const excluded = readings.map((path) =>
    policy.exclusionPaths.some((prefix) => path.startsWith(prefix.toLowerCase())),
  );
  return policy.worstCase ? excluded.includes(true) : !excluded.includes(false);
}

/**
 * Decodes the percent escapes of ASCII characters, turns backslashes into slashes, and resolves empty and dot segments.
 */
function normalizePath(path: string): string {
  const segments: string[] = [];
  const parts = decodeToTheEnd(path).replaceAll('\\', '/').split('/');
  for (const part of parts) {
    if (part === '..') segments.pop();
    else if (part !== '' && part !== '.') segments.push(part);
  }
  const trailingSlash = segments.length > 0 && parts.at(-1) === '' ? '/' : '';
  return `/${segments.join('/')}${trailingSlash}`;
}

/**
 * Decodes until no escape is left, except escapes of bytes above ASCII. Works in one pass, because callers choose the
 * text and a decoded character may complete another escape (`%2525…`).
 */
function decodeToTheEnd(path: string): string {
  const decoded: string[] = [];
  for (const character of path) {
    decoded.push(character);
    while (/^%[0-7][0-9a-f]$/i.test(decoded.slice(-3).join(''))) {
      decoded.push(String.fromCharCode(Number.parseInt(decoded.splice(-3).join('').slice(1), 16)));
    }
  }
  return decoded.join('');
}

/**
 * Whether the client is taken for a browser. The documentation says that clients are not asked by default in this mode,
 * names browsers as an example, and says that the request is read first. It doesn't say which clients are asked
 * nevertheless. Here, these are the clients whose User-Agent doesn't start with `Mozilla/`.
 */
function isBrowser(userAgent: string | undefined): boolean {
  return userAgent?.startsWith('Mozilla/') === true;
}
