/**
 * When the App Service front end asks for a client certificate, and whether it lets a request pass without one.
 * Rules: "Set up TLS mutual authentication" in the Azure App Service documentation.
 *
 * - `required`, `optional`, no exclusion path: asked for in the TLS handshake, before any request is read.
 * - `optional-interactive`, or any exclusion path: the front end must read the request before it knows whether to
 *   ask, so it renegotiates. TLS 1.3 and HTTP/2 are off, and what the client sends while it is being asked must fit
 *   the front end's buffer (tls-renegotiation.ts).
 * - `ignore` (`clientCertEnabled: false`): never asked for.
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
  /** Request target in origin-form. */
  readonly target: string;
  readonly userAgent: string | undefined;
}

export interface CertificateRequestSettings {
  readonly mode: ClientCertificateMode;
  readonly exclusionPaths: readonly string[];
  readonly worstCase: boolean;
}

/** What one request meets: `none` (no certificate asked for or sent on), or one that may or must be there. */
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
 * Case-insensitive *prefix* of the path, as on Azure: `/public` excludes `/publicadmin` too.
 *
 * Whether Azure compares the path as sent or as normalized isn't documented. A path that is excluded in one reading
 * only (`/public/../orders`, `/%70ublic`) is not excluded here; with `worstCase` it is.
 */
export function isExcludedPath(policy: Omit<CertificateRequestSettings, 'mode'>, target: string): boolean {
  const sent = target.split('?', 1)[0] ?? '';
  const readings = [sent, normalizePath(sent)].map((path) => path.toLowerCase());
  const excluded = readings.map((path) =>
    policy.exclusionPaths.some((prefix) => path.startsWith(prefix.toLowerCase())),
  );
  return policy.worstCase ? excluded.includes(true) : !excluded.includes(false);
}

/** Percent-decoded to the end, backslashes as slashes, empty and dot segments resolved. */
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
 * Until no escape is left; bytes that aren't ASCII keep theirs. Strangers choose the text, so in one pass: what an escape
 * stands for may end another one before it (`%2525…`).
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
 * The documentation says only that browsers, for example, see no prompt in this mode, and that the request is read
 * first. Every current browser's User-Agent starts with `Mozilla/`, and no command-line client's does.
 */
function isBrowser(userAgent: string | undefined): boolean {
  return userAgent?.startsWith('Mozilla/') === true;
}
