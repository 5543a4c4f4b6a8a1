import type { WireAnswer } from '#local/client/wire-request.js';
import { type Examination, findTellingFunction } from './examination.js';
import type { ProbeId } from './probe-table.js';
import { findLapse } from './probes/judge-forgeries.js';
import { type Judgement, cannotTell, describeAnswer } from './verdict.js';

/** After the first probe that ends with at least so many requests since the last try, the allowed caller is tried again. */
const requestsBetweenTries = 10;

/**
 * Tries the allowed caller again between probes. A firewall or a rate limit may refuse this machine for a while: refusals
 * count only where the allowed caller is admitted before and after them.
 */
export class Control {
  readonly #examination: Examination;
  readonly #judgements: Map<ProbeId, Judgement>;
  /** Probes since the last try that hold because of refusals. */
  #unconfirmed: readonly ProbeId[] = [];
  /** What the allowed caller got at the last try, if it was not admitted. */
  #lapse: WireAnswer | undefined;
  #sentAtLastTry = 0;

  /** Doubtful verdicts are replaced in `judgements`. */
  constructor(examination: Examination, judgements: Map<ProbeId, Judgement>) {
    this.#examination = examination;
    this.#judgements = judgements;
  }

  /** After a probe whose refusals need it. */
  async confirmLater(id: ProbeId): Promise<void> {
    const { sent } = this.#examination.sender;
    if (this.#judgements.get(id)?.verdict === 'holds') this.#unconfirmed = [...this.#unconfirmed, id];
    if (this.#unconfirmed.length === 0 || sent - this.#sentAtLastTry < requestsBetweenTries) return;
    const telling = findTellingFunction(this.#examination);
    if (telling !== undefined) this.#settle(await findLapse(this.#examination, [telling]), this.#unconfirmed);
  }

  /** A forgery was admitted, so that nothing refuses this machine, and nothing more is sent. */
  endWithForgedAdmission(): void {
    this.#settle(undefined, this.#unconfirmed);
  }

  /** At the end, at every function. One that was not tried in between shows nothing about the time in between. */
  async end(ids: readonly ProbeId[]): Promise<void> {
    const isOnlyOne = this.#examination.closedFunctions.length === 1;
    const unconfirmed = isOnlyOne
      ? this.#unconfirmed
      : ids.filter((id) => this.#judgements.get(id)?.verdict === 'holds');
    if (unconfirmed.length === 0) return;
    const lapse = await findLapse(this.#examination);
    this.#settle(lapse, lapse === undefined ? this.#unconfirmed : unconfirmed);
  }

  #settle(lapse: WireAnswer | undefined, unconfirmed: readonly ProbeId[]): void {
    const found = lapse ?? this.#lapse;
    for (const id of found === undefined ? [] : unconfirmed) {
      const judgement = this.#judgements.get(id);
      if (judgement !== undefined && found !== undefined)
        this.#judgements.set(id, { ...judgement, ...describeDoubt(found, this.#examination.sender.isTimeUp) });
    }
    this.#unconfirmed = [];
    this.#lapse = lapse;
    this.#sentAtLastTry = this.#examination.sender.sent;
  }
}

function describeDoubt(lapse: WireAnswer, isTimeUp: boolean): Judgement {
  if (isTimeUp && lapse.kind === 'timed-out') {
    return cannotTell(
      'The time for all probes was over before the allowed caller could be tried again, so the refusals show nothing.',
      'A function that answers faster, or a higher --rate.',
    );
  }
  return cannotTell(
    `The allowed caller was tried again before or after these requests, and was not admitted (${describeAnswer(lapse)}), so the refusals show nothing.`,
    'A run during which nothing changes, and no firewall or rate limit refuses this machine: allow its address there, or try a lower --rate.',
  );
}
