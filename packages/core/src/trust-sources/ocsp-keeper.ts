import type { OcspWanted } from '../authority-path.js';
import { createOcspNonce, encodeOcspRequest } from '../certification-path/ocsp-request.js';
import { type OcspResponse, decodeOcspResponse } from '../certification-path/ocsp-response.js';
import { findOcspStatus } from '../certification-path/ocsp-verification.js';
import type { PathCertificate } from '../certification-path/path-certificate.js';
import { ocspClockSkewMilliseconds } from '../certification-path/path-revocation.js';
import { isAlgorithmAccepted } from '../certification-path/validation-profile.js';
import { describeFault } from '../fault-text.js';
import { postOcspRequest } from './ocsp-post.js';
import { readWithin } from './read-within.js';
import { redactUrl } from './redacted-url.js';

/** An answer that wasn't enough isn't asked for again at once. */
const askedAgainAfterMilliseconds = 5_000;
/** A request waits for it, so it is short. */
const answerTimeoutMilliseconds = 5_000;
const maximumKept = 4096;
const maximumAtOnce = 16;
const firstPauseMilliseconds = 1_000;
const longestPauseMilliseconds = 30_000;

/** How a responder, or a question about one certificate, did of late. */
interface Setback {
  readonly failures: number;
  /** Milliseconds: nobody asks before. */
  readonly pausedUntil: number;
  readonly fault: string;
}

/**
 * Asks OCSP responders (RFC 6960) that the operator configured, and keeps their answers. One question per certificate at a
 * time, few at once, and none to a responder that failed a moment ago: a caller can't make it a hammer.
 */
export class OcspKeeper {
  readonly #responses = new Map<string, OcspResponse>();
  readonly #askedAt = new Map<string, number>();
  readonly #inFlight = new Map<string, Promise<void>>();
  /** By responder: it couldn't be reached. */
  readonly #responderSetbacks = new Map<string, Setback>();
  /** By certificate: the answer was none. It must not keep others from asking. */
  readonly #certificateSetbacks = new Map<string, Setback>();

  find({ thumbprintSha256 }: PathCertificate): readonly OcspResponse[] {
    const response = this.#responses.get(thumbprintSha256);
    return response === undefined ? [] : [response];
  }

  /** Why there is no answer, for the operator. */
  findFault(responder: string, { thumbprintSha256 }: PathCertificate): string | undefined {
    const setback = this.#certificateSetbacks.get(thumbprintSha256) ?? this.#responderSetbacks.get(responder);
    return setback && `OCSP responder ${redactUrl(new URL(responder))}: ${setback.fault}.`;
  }

  /** Never rejects; an answer that can't be had or isn't good for this certificate changes nothing. */
  ask(wanted: OcspWanted, now: number): Promise<void> {
    const { responder, certificate } = wanted;
    const key = certificate.thumbprintSha256;
    const present = this.#inFlight.get(key);
    if (present !== undefined) return present;
    if (now < (this.#askedAt.get(key) ?? Number.NEGATIVE_INFINITY) + askedAgainAfterMilliseconds)
      return Promise.resolve();
    const isPaused = [this.#responderSetbacks.get(responder), this.#certificateSetbacks.get(key)].some(
      (setback) => setback !== undefined && now < setback.pausedUntil,
    );
    if (isPaused || this.#inFlight.size >= maximumAtOnce) return Promise.resolve();
    const answer = this.#askNow(wanted, now).finally(() => {
      this.#inFlight.delete(key);
    });
    this.#inFlight.set(key, answer);
    return answer;
  }

  async #askNow({ responder, allowMissingNonce, certificate, issuer }: OcspWanted, now: number): Promise<void> {
    const began = performance.now();
    const nonce = createOcspNonce();
    const der = encodeOcspRequest({ certificate, issuer, nonce });
    let bytes: Uint8Array;
    try {
      const url = new URL(responder);
      bytes = await readWithin(answerTimeoutMilliseconds, (signal) => postOcspRequest(url, der, signal));
    } catch (error) {
      noteSetback(this.#responderSetbacks, responder, describeFault(error), now);
      return;
    }
    this.#responderSetbacks.delete(responder);
    const key = certificate.thumbprintSha256;
    const decoding = decodeOcspResponse(bytes);
    const status = decoding.ok
      ? findOcspStatus({
          certificate,
          issuer,
          responses: [decoding.value],
          nonce,
          allowMissingNonce,
          profile: 'strict',
          now: now + (performance.now() - began),
          graceMilliseconds: 0,
          clockSkewMilliseconds: ocspClockSkewMilliseconds,
          // Whether the responder itself is revoked is asked at the decision.
          isResponderGood: () => true,
          isAlgorithmAccepted: (algorithm: PathCertificate['signatureAlgorithm']) =>
            isAlgorithmAccepted(algorithm, 'strict'),
        })
      : ({ status: 'unknown', detail: `its answer can't be read (${decoding.fault})` } as const);
    if (!decoding.ok || status.status === 'unknown') {
      noteSetback(this.#certificateSetbacks, key, status.status === 'unknown' ? status.detail : 'no answer', now);
      return;
    }
    this.#certificateSetbacks.delete(key);
    keepBounded(this.#responses, key, decoding.value);
    keepBounded(this.#askedAt, key, now);
  }
}

function noteSetback(setbacks: Map<string, Setback>, key: string, fault: string, now: number): void {
  const failures = (setbacks.get(key)?.failures ?? 0) + 1;
  const pause = Math.min(firstPauseMilliseconds * 2 ** Math.min(failures - 1, 10), longestPauseMilliseconds);
  keepBounded(setbacks, key, { failures, pausedUntil: now + pause, fault });
}

function keepBounded<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > maximumKept && oldest !== undefined) map.delete(oldest);
}
