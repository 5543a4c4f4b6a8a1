import { getOverHttp, readWithin, showTrustAddress } from '@certgate/core/internal';
import { readBoundedFile } from '../../certificates/read-bounded-file.js';
import { messageOf, ToolFailure } from '#local/tool-failure.js';

/** The maximum size of a bundle in bytes. A bundle of a hundred RSA keys needs less than half of it. */
const maximumBytes = 1_048_576;
const readTimeoutMilliseconds = 30_000;

export interface FetchedBundle {
  readonly bytes: Uint8Array;
  /** The place for messages, without parts of the address that may be secret. */
  readonly place: string;
}

/**
 * Reads the bytes of a bundle from a file, or from a bundle endpoint of the profile `https_web` (SPIFFE Federation
 * §5.2.1). The bundle decides who can be admitted, so the server must be the one that was named: TLS is verified, even
 * with NODE_TLS_REJECT_UNAUTHORIZED=0, and no redirect is followed.
 *
 * @param ca Certification authorities in PEM that replace the machine's.
 */
export async function fetchBundle(place: string, ca: string | undefined): Promise<FetchedBundle> {
  // A single letter before the colon is a drive of Windows, not a scheme.
  if (!/^[a-z][a-z0-9+.-]+:/i.test(place)) {
    if (ca === undefined) return { bytes: await readBoundedFile(place), place };
    throw new ToolFailure('--cacert is for the server of a URL, and the bundle is in a file.');
  }
  const url = readUrl(place);
  const shown = showTrustAddress({ kind: 'url', url: url.href });
  return { bytes: await getBundle(url, shown, ca), place: shown };
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' && url.username === '' && url.password === '') return url;
  throw new ToolFailure(
    url?.protocol === 'https:'
      ? "The bundle's URL has a user name or a password, which the SPIFFE standard excludes."
      : 'A bundle is read from a file or from an https: URL.',
    { remedy: 'Pass --spiffe-bundle https://HOST/PATH or --spiffe-bundle FILE.' },
  );
}

async function getBundle(url: URL, shown: string, ca: string | undefined): Promise<Uint8Array> {
  const headers = { accept: 'application/json', 'accept-encoding': 'identity' };
  const answer = await readWithin(readTimeoutMilliseconds, (signal) =>
    getOverHttp(url, { headers, ca, signal, maximumLength: maximumBytes }),
  ).catch((cause: unknown) => {
    const reason = messageOf(cause);
    throw noAnswer(reason.startsWith(shown) ? `${reason}.` : `The bundle at ${shown} can't be read: ${reason}.`, cause);
  });
  if (answer.body !== undefined) return answer.body;
  const { status } = answer;
  throw noAnswer(
    status >= 300 && status < 400
      ? `${shown} answered ${status}, a redirect, which is not followed. Pass the URL of the bundle itself.`
      : `${shown} answered ${status}, not with a bundle.`,
  );
}

function noAnswer(message: string, cause?: unknown): ToolFailure {
  return new ToolFailure(message, {
    kind: 'no_answer',
    remedy: `Nothing was written.${/certificate/.test(message) ? ' If a private CA issued the certificate of the server, pass that CA with --cacert.' : ''}`,
    cause,
  });
}
