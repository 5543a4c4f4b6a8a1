import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runInNewContext } from 'node:vm';
import { inspect } from 'node:util';
import type * as copyModule from './certgate-error.js';
import { CertgateError, invalidArgument } from './certgate-error.js';

class PolicyError extends CertgateError {
  override readonly name = 'PolicyError';

  constructor(message: string) {
    super('CERTGATE_POLICY_CONFLICT', message);
  }
}

describe('CertgateError', () => {
  it('says its name, its message and where it was thrown, and shows its code', () => {
    const error = new CertgateError('CERTGATE_ALREADY_INSTALLED', 'called twice', { cause: 7 });
    assert.match(error.stack ?? '', /^CertgateError: called twice\n {4}at .*certgate-error\.test/);
    assert.match(inspect(error), /code: 'CERTGATE_ALREADY_INSTALLED'/);
    assert.deepEqual([error.code, error.cause, error instanceof Error], ['CERTGATE_ALREADY_INSTALLED', 7, true]);
    assert.equal(invalidArgument('x').code, 'CERTGATE_ARGUMENT_INVALID');
    assert.match(inspect(new PolicyError('both')), /^PolicyError: both\n {4}at .*certgate-error\.test/);
  });

  it('is recognised by instanceof, also if another copy of the package or another realm made it', async () => {
    const url = `${import.meta.resolve('./certgate-error.js')}?copy`;
    const copy = (await import(url)) as typeof copyModule;
    assert.notEqual(copy.CertgateError, CertgateError);
    assert.ok(copy.invalidArgument('x') instanceof CertgateError);
    assert.ok(invalidArgument('x') instanceof copy.CertgateError);
    assert.equal(
      runInNewContext('error instanceof CertgateError', { error: copy.invalidArgument('x'), CertgateError }),
      true,
    );
  });

  it('is not what looks like one, and a subclass is only its own', () => {
    for (const other of [undefined, null, 'x', {}, new TypeError('x'), { code: 'CERTGATE_ARGUMENT_INVALID' }])
      assert.equal((other as unknown) instanceof CertgateError, false);
    const error: CertgateError = new PolicyError('x');
    assert.ok(error instanceof CertgateError && error instanceof PolicyError);
    assert.equal(invalidArgument('x') instanceof PolicyError, false);
  });
});
