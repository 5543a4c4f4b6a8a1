// Runs az, npm, zip and the tool, one at a time. With --dry-run, prints what it would run.
import { spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';

/** The reason why a run stopped. The message may be published. */
export class Stop extends Error {}

export class Interrupted extends Stop {
  message = 'an interruption';
}

/** What a person can do about a failure of az, by a pattern of its output. */
const remedies = [
  [/az login|AADSTS\d+/, 'Run `az login`, and this command again.'],
  [
    /Subscription '.*' not found/,
    'Your account does not know the subscription: see `az account list --all --refresh`, or log in to its tenant with `az login --tenant`.',
  ],
  [
    /additional quota|QuotaForSku|QuotaExceeded/,
    'The subscription has no quota for this plan here. Choose another --location or --plan, or ask for quota: https://aka.ms/antquotahelp',
  ],
  [
    /AuthorizationFailed/,
    'Your account lacks a role on the subscription: Owner, or Contributor with User Access Administrator.',
  ],
  [/bicep/i, 'If the Bicep compiler is missing, run `az bicep install`.'],
];

/** Thrown if a program ended with an exit code that was not expected. `reason` may be published. */
export class ProgramFailure extends Stop {
  constructor(step, status, output) {
    // Azure wraps errors, and the innermost says most.
    const inner = [...output.matchAll(/(?:"code": ?"|^\s*Code: )([A-Za-z]{4,60})/gm)].at(-1)?.[1];
    const code = inner ?? /\(([A-Z][A-Za-z]{3,60})\)/.exec(output)?.[1];
    const reason = [`exit code ${status}`, code].filter((part) => part !== undefined).join(', ');
    super(`${step}: ${reason}`);
    const remedy = remedies.find(([pattern]) => pattern.test(output))?.[1];
    Object.assign(this, { step, status, reason, remedy });
  }
}

class MissingProgram extends Stop {
  constructor(step, program) {
    const from = program === 'az' ? ' from https://learn.microsoft.com/cli/azure/install-azure-cli' : '';
    super(`${step}: the program ${program} was not found. Install it${from}`);
  }
}

export class Programs {
  #dryRun;
  #print;
  #current;
  #isInterrupted = false;
  #ending = new AbortController();

  constructor({ dryRun, print }) {
    this.#dryRun = dryRun;
    this.#print = print;
  }

  get dryRun() {
    return this.#dryRun;
  }

  get isInterrupted() {
    return this.#isInterrupted;
  }

  /**
   * Ends the program that runs, unless it removes something. Later calls of `run` throw, unless they remove something.
   */
  interrupt() {
    this.#isInterrupted = true;
    this.#end(new Interrupted());
  }

  /** Runs `work`, and ends it like an interruption after `milliseconds`. */
  async limit(milliseconds, work) {
    const stop = new Stop(`the limit of ${milliseconds / 3_600_000} hours`);
    const timer = setTimeout(() => this.#end(stop), milliseconds);
    try {
      return await work();
    } finally {
      clearTimeout(timer);
      this.#ending = new AbortController();
      if (this.#isInterrupted) this.#end(new Interrupted());
    }
  }

  #end(reason) {
    this.#ending.abort(reason);
    if (this.#current?.removes === false) process.kill(-this.#current.child.pid, 'SIGTERM');
  }

  /**
   * Runs a program. `planned` is its output in a dry run. @returns its exit code and output.
   * @throws {ProgramFailure} if its exit code is not in `expected`.
   */
  async run(step, [program, ...args], { cwd, planned = '', removes = false, expected = [0] } = {}) {
    if (!removes) this.#ending.signal.throwIfAborted();
    this.note(step, [program, ...args].map(quote).join(' '));
    if (this.#dryRun) return { status: 0, stdout: planned, stderr: '' };
    const ended = await this.#spawn(program, args, cwd, removes);
    if (!removes) this.#ending.signal.throwIfAborted();
    if (ended.status === 'ENOENT') throw new MissingProgram(step, program);
    if (!expected.includes('any') && !expected.includes(ended.status)) {
      this.#print(ended.stderr.trimEnd());
      throw new ProgramFailure(step, ended.status, ended.stderr);
    }
    return ended;
  }

  note(step, text) {
    this.#print(`${step}:\n  ${text}`);
  }

  async pause(milliseconds, { removes = false } = {}) {
    if (this.#dryRun) return;
    const { signal } = this.#ending;
    await wait(milliseconds, undefined, removes ? {} : { signal }).catch(() => {
      throw signal.reason;
    });
  }

  #spawn(program, args, cwd, removes) {
    // Starts the program in a process group of its own: Ctrl+C in the terminal must not end a program that removes what
    // was created.
    const child = spawn(program, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#current = { child, removes };
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => (said[name] += text));
    return new Promise((resolve) => {
      const end = (status) => {
        this.#current = undefined;
        resolve({ status, ...said });
      };
      child.once('error', ({ code }) => {
        said.stderr += `${program}: ${code}`;
        end(code);
      });
      child.once('close', (status, signal) => end(status ?? signal));
    });
  }
}

function quote(word) {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
