import type { WireAnswer } from '#local/client/wire-request.js';
import { type Examination, findTellingFunction } from './examination.js';
import type { ProbeId } from './probe-table.js';
import { findLapse } from './probes/judge-forgeries.js';
import { type Judgement, cannotTell, describeWireAnswer } from './verdict.js';

/**
 * How many requests must have been sent since the last try before the allowed caller is tried again between two probes.
 */
const requestsBetweenTries = 10;

/**
 * Tries the allowed caller again between probes. A firewall or a rate limit may refuse this machine for a while, so a
 * refusal shows something only if the allowed caller is admitted before and after it.
 */
export class Control {
  readonly #examination: Examination;
  readonly #judgements: Map<ProbeId, Judgement>;
  /** The probes since the last try whose verdict is `holds` because callers were refused. */
  #unconfirmed: readonly ProbeId[] = [];
  /** What the allowed caller got at the last try. Undefined if it was admitted, or not tried yet. */
  #lapse: WireAnswer | undefined;
  #sentAtLastTry = 0;

  /** The control replaces doubtful verdicts in `judgements`. */
  constructor(examination: Examination, judgements: Map<ProbeId, Judgement>) {
    this.#examination = examination;
    this.#judgements = judgements;
  }

  /**
   * Called after each probe whose refusals show something only if the allowed caller is still admitted. Tries the
   * allowed caller again if enough requests were sent since the last try.
   */
  async confirmLater(id: ProbeId): Promise<void> {
    const { sent } = this.#examination.sender;
    if (this.#judgements.get(id)?.verdict === 'holds') this.#unconfirmed = [...this.#unconfirmed, id];
    if (this.#unconfirmed.length === 0 || sent - this.#sentAtLastTry < requestsBetweenTries) return;
    const telling = findTellingFunction(this.#examination);
    if (telling !== undefined) this.#settle(await findLapse(this.#examination, [telling]), this.#unconfirmed);
  }

  /**
   * Called after a forgery was admitted, except with `--any-server`. The admission shows that nothing refuses this
   * machine, and no further request is sent.
   */
  endWithForgedAdmission(): void {
    this.#settle(undefined, this.#unconfirmed);
  }

  /**
   * Called after all probes, unless an admitted forgery ended them. If a verdict needs it, the allowed caller is tried
   * at the closed functions that admitted it at first, up to the first that no longer does. With several functions, the
   * earlier tries show nothing about those that they left out, so a failure here makes every `holds` of `ids` doubtful.
   */
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
    `The allowed caller was tried again before or after these requests, and was not admitted (${describeWireAnswer(lapse)}), so the refusals show nothing.`,
    'A run during which nothing changes, and no firewall or rate limit refuses this machine: allow its address there, or try a lower --rate.',
  );
}
