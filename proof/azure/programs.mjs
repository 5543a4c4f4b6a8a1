// Runs az, npm, zip and the tool, one at a time. With --dry-run, prints what it would run.
import { spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';

/** The reason why a run stopped. The message may be published. */
export class Stop extends Error {}

export class Interrupted extends Stop {
  message = 'an interruption';
}

/** Thrown if a program ended with an exit code that was not expected. `reason` may be published. */
export class ProgramFailure extends Stop {
  constructor(step, status, output) {
    const code = /\(([A-Z][A-Za-z]{3,60})\)|"code": ?"([A-Za-z]{4,60})"/.exec(output);
    const reason = [`exit code ${status}`, code?.[1] ?? code?.[2]].filter((part) => part !== undefined).join(', ');
    super(`${step}: ${reason}`);
    Object.assign(this, { step, status, reason });
  }
}

export class Programs {
  #dryRun;
  #print;
  #current;
  #interruption = new AbortController();

  constructor({ dryRun, print }) {
    this.#dryRun = dryRun;
    this.#print = print;
  }

  get dryRun() {
    return this.#dryRun;
  }

  get isInterrupted() {
    return this.#interruption.signal.aborted;
  }

  /**
   * Ends the program that runs, unless it removes something. Later calls of `run` throw, unless they remove something.
   */
  interrupt() {
    this.#interruption.abort();
    if (this.#current?.removes === false) process.kill(-this.#current.child.pid, 'SIGTERM');
  }

  /**
   * Runs a program. `planned` is its output in a dry run. @returns its exit code and output.
   * @throws {ProgramFailure} if its exit code is not in `expected`.
   */
  async run(step, [program, ...args], { cwd, planned = '', removes = false, expected = [0] } = {}) {
    if (this.isInterrupted && !removes) throw new Interrupted();
    this.note(step, [program, ...args].map(quote).join(' '));
    if (this.#dryRun) return { status: 0, stdout: planned, stderr: '' };
    const ended = await this.#spawn(program, args, cwd, removes);
    if (this.isInterrupted && !removes) throw new Interrupted();
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
    await wait(milliseconds, undefined, removes ? {} : { signal: this.#interruption.signal }).catch(() => {
      throw new Interrupted();
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
