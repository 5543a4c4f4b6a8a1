import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { describe, it } from 'node:test';
import type { TrustDocument, TrustDocumentIdentity } from '@certgate/core/internal';
import fc from 'fast-check';
import { parseChangeLogEntry } from './change-log.js';
import { type RoleOrigin, listRoleOrigins } from './role-history.js';
import { MemoryLocation } from './test-support/memory-location.js';
import { findConcern } from './touched-identities.js';
import { type HistoryItem, readTrustHistory } from './trust-history.js';
import { updateTrustDocument } from './update-trust-document.js';

const names = ['a', 'b', 'c'];
const roles = ['r', 's'];

/** A document that the tool and others change. It records independently which revision gave which role to whom. */
class Story {
  readonly location = new MemoryLocation('{"schemaVersion":1,"revision":1,"identities":[]}');
  /** Identity and role, e.g. `a r` → the revision since which the identity has had the role. */
  readonly since = new Map<string, number>();

  get document(): TrustDocument {
    return JSON.parse(this.location.text) as TrustDocument;
  }

  async change(edit: (document: TrustDocument) => TrustDocument): Promise<void> {
    const before = this.document;
    await updateTrustDocument(this.location, { verb: 'add', by: 'ada', reason: 'x' }, edit);
    this.#note();
    const line = this.location.log.at(-1) ?? '';
    const entry = parseChangeLogEntry(line);
    const after = this.document;
    if (entry === undefined || entry.revision !== after.revision) return;
    for (const name of names) {
      const [old, present] = [before, after].map(({ identities }) => identities.find((each) => each.name === name));
      if (!isDeepStrictEqual(old, present)) assert.equal(findConcern(entry, name), 'yes', `${name}: ${line}`);
    }
  }

  /** Changes the document in the way something other than the tool would. */
  changeOutside(edit: (document: TrustDocument) => TrustDocument): void {
    const next = edit(this.document);
    this.location.put({
      bytes: Buffer.from(JSON.stringify({ ...next, revision: next.revision + 1 })),
      signature: undefined,
    });
    this.#note();
  }

  /** Replaces the last line by one that an earlier version of the tool would have written. */
  forgetLastLine(): void {
    const last = this.location.log.pop();
    if (last === undefined) return;
    const kept = Object.entries(JSON.parse(last) as object).filter(([key]) => key !== 'touches' && key !== 'roles');
    this.location.log.push(JSON.stringify(Object.fromEntries(kept)));
  }

  listItems(): readonly HistoryItem[] {
    const documentSha256 = createHash('sha256').update(this.location.text).digest('hex');
    return readTrustHistory(this.location.log, { documentSha256, revision: this.document.revision });
  }

  listOrigins(): readonly RoleOrigin[] {
    return listRoleOrigins(this.document.identities, this.listItems());
  }

  #note(): void {
    const { identities, revision } = this.document;
    const held = new Set(identities.flatMap(({ name, roles: each }) => each.map((role) => `${name} ${role}`)));
    for (const key of this.since.keys()) if (!held.has(key)) this.since.delete(key);
    for (const key of held) if (!this.since.has(key)) this.since.set(key, revision);
  }
}

const identity = (name: string, held: readonly string[]): TrustDocumentIdentity => ({
  name,
  roles: held,
  pins: [{ thumbprintSha256: createHash('sha256').update(name).digest('hex') }],
});

const set =
  (name: string, held: readonly string[] | undefined) =>
  (document: TrustDocument): TrustDocument => ({
    ...document,
    identities: [
      ...document.identities.filter((each) => each.name !== name),
      ...(held === undefined ? [] : [identity(name, held)]),
    ],
  });

describe('who has which role since when', () => {
  it('is unknown if the role is older than the log, than a line without roles, or than a change from outside', async () => {
    const held = async (write: (story: Story) => void | Promise<void>): Promise<readonly unknown[]> => {
      const story = new Story();
      await story.change(set('a', ['r']));
      await write(story);
      await story.change(set('b', ['s']));
      const { since, limit, atLeastSince } = story.listOrigins().find(({ role }) => role === 'r') ?? {};
      return [since?.revision, limit, atLeastSince?.revision];
    };
    const forget = (story: Story): void => {
      story.forgetLastLine();
    };
    const meddle = (story: Story): void => {
      story.changeOutside(set('c', []));
    };
    assert.deepEqual(await held(() => undefined), [2, undefined, undefined]);
    assert.deepEqual(await held((story) => void story.location.log.pop()), [undefined, 'log_begins', 3]);
    assert.deepEqual(await held(forget), [undefined, 'not_recorded', 2]);
    const outside = await held(meddle);
    assert.deepEqual(outside, [undefined, 'changed_outside', 4]);
    const story = new Story();
    story.changeOutside(set('a', ['r']));
    assert.deepEqual(story.listOrigins(), [{ identity: 'a', role: 'r', limit: 'log_begins', orBy: [] }]);
  });

  it('includes everybody whose line may describe the change', async () => {
    const story = new Story();
    await story.change(set('a', ['r']));
    story.location.log.push((story.location.log[0] ?? '').replace('"by":"ada"', '"by":"bob"'));
    assert.deepEqual(
      story.listOrigins().map(({ since, orBy }) => [since?.by, orBy.map(({ by }) => by)]),
      [['ada', ['bob']]],
    );
  });

  it('is a contradiction if a forged log takes away a role that the document has', async () => {
    const story = new Story();
    await story.change(set('a', ['r']));
    story.location.log[0] = (story.location.log[0] ?? '').replace(
      '"gained":["r"],"lost":[]',
      '"gained":[],"lost":["r"]',
    );
    assert.deepEqual(
      story.listOrigins().map(({ since, limit }) => [since, limit]),
      [[undefined, 'contradiction']],
    );
  });

  it('is right, or "at least since" a later change, for any document that the tool and others change', async () => {
    const step = fc.record({
      how: fc.constantFrom('tool', 'tool', 'tool', 'tool', 'outside', 'older', 'lost'),
      name: fc.constantFrom(...names),
      held: fc.option(fc.subarray(roles), { nil: undefined }),
    });
    let known = 0;
    let unknown = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 9 }), async (steps) => {
        const story = new Story();
        for (const { how, name, held } of steps) {
          if (how === 'outside') story.changeOutside(set(name, held));
          else await story.change(set(name, held));
          if (how === 'older') story.forgetLastLine();
          const last = story.location.log.at(-1);
          // Simulates a writer that was stopped before it wrote.
          if (how === 'lost' && last !== undefined) {
            story.location.log.push(last.replace(/"documentSha256":"../, '$&00'));
          }
        }
        for (const { identity: name, role, since, limit, atLeastSince } of story.listOrigins()) {
          const truth = story.since.get(`${name} ${role}`) ?? Number.NaN;
          if (since === undefined) {
            unknown += 1;
            assert.ok(limit !== undefined && limit !== 'contradiction');
            if (atLeastSince !== undefined) assert.ok(truth <= atLeastSince.revision);
          } else {
            known += 1;
            assert.equal(since.revision, truth);
          }
        }
      }),
      { numRuns: 100 },
    );
    assert.ok(known > 20 && unknown > 20, `${known} known, ${unknown} unknown`);
  });
});
