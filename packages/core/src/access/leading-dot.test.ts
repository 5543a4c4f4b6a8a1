import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { decideAccess } from './access-decision.js';
import {
  authorityOf,
  getStage,
  issueCaller,
  issueIntermediate,
  issuedSnapshot,
  type AuthorityInput,
} from '../test-support/authority-stage.js';
import { now } from '@certgate/x509/test-support/certificates.js';
import {
  dns,
  exclude,
  isAdmitted,
  named,
  permit,
  underRead,
  uri,
} from '@certgate/x509/test-support/constrained-names.js';
import {
  isVerifiedByOpenssl,
  issueCertificate,
  verifyEachByOpenssl,
} from '@certgate/x509/test-support/issued-certificates.js';
import { authorityExtensions } from '@certgate/x509/test-support/revocation.js';

const asSubdomains = { dnsConstraintsWithLeadingDot: 'subdomains-only' };

describe('a DNS constraint with a leading dot, read as subdomains only, and openssl verify', () => {
  const names = [
    ...['corp.example', 'a.corp.example', 'a.b.corp.example', 'xcorp.example', 'x-corp.example', 'example', 'corp'],
    ...[
      'A.CORP.Example',
      'CORP.example',
      'a.corp.example.org',
      '*.corp.example',
      '*.a.corp.example',
      '*.xcorp.example',
    ],
  ];
  /** Some constraints permit a name by one entry and exclude it by another. */
  const constraints = [
    ...['permitted;DNS:.corp.example', 'excluded;DNS:.corp.example', 'permitted;DNS:.Corp.EXAMPLE'],
    ...['permitted;DNS:.example,excluded;DNS:.corp.example', 'permitted;DNS:corp.example,excluded;DNS:.corp.example'],
  ];
  for (const line of constraints) {
    it(`${line}: Certgate and openssl admit the same names`, () => {
      const extensions = [...authorityExtensions, `nameConstraints = critical, ${line}`];
      const root = issueCertificate({ name: ['CN = root'], extensions });
      const read = underRead('subdomains-only', root.certificate.nameConstraints!);
      const targets = names.map((name) =>
        issueCertificate({ extensions: ['basicConstraints = CA:FALSE', `subjectAltName = DNS:${name}`] }, root),
      );
      const verified = verifyEachByOpenssl(root, targets);
      assert.ok(verified.includes(true) && verified.includes(false));
      for (const [index, target] of targets.entries()) {
        assert.equal(isAdmitted(read, target.certificate), verified[index], names[index]);
        assert.ok(!isAdmitted(underRead('refuse', root.certificate.nameConstraints!), target.certificate));
      }
    });
  }

  it('a wildcard above an excluded name is refused as without the dot, although openssl admits it', () => {
    const extensions = [...authorityExtensions, 'nameConstraints = critical, excluded;DNS:.a.corp.example'];
    const root = issueCertificate({ name: ['CN = root'], extensions });
    const alternative = 'subjectAltName = DNS:*.corp.example';
    const target = issueCertificate({ extensions: ['basicConstraints = CA:FALSE', alternative] }, root);
    assert.ok(isVerifiedByOpenssl([root, target]));
    assert.ok(!isAdmitted(underRead('subdomains-only', root.certificate.nameConstraints!), target.certificate));
  });
});

describe('a leading dot, for any name', () => {
  const label = fc.constantFrom('a', 'b', 'corp', 'xcorp', 'A');
  const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));

  it('permits the names beneath, in any letter case, and no others', () => {
    fc.assert(
      fc.property(host, host, (name, base) => {
        const isBeneath = name.toLowerCase().endsWith(`.${base.toLowerCase()}`);
        assert.equal(isAdmitted(underRead('subdomains-only', permit(dns(`.${base}`))), named(dns(name))), isBeneath);
        assert.equal(isAdmitted(underRead('subdomains-only', exclude(dns(`.${base}`))), named(dns(name))), !isBeneath);
      }),
    );
  });

  it('never permits more than the constraint without the dot, whose meaning does not change', () => {
    fc.assert(
      fc.property(host, host, fc.boolean(), (name, base, isWildcard) => {
        const certificate = named(dns(isWildcard ? `*.${name}` : name));
        if (isAdmitted(underRead('subdomains-only', permit(dns(`.${base}`))), certificate)) {
          assert.ok(isAdmitted(underRead('refuse', permit(dns(base))), certificate));
        }
        for (const list of [permit(dns(base)), exclude(dns(base))]) {
          assert.equal(
            isAdmitted(underRead('subdomains-only', list), certificate),
            isAdmitted(underRead('refuse', list), certificate),
          );
        }
      }),
    );
  });

  it('does not make other dots readable, and URI constraints keep their own rule', () => {
    for (const base of ['.', '..', '..a', '.a.', '.a..b', '.*.a', '. a', `.${'a'.repeat(64)}`]) {
      for (const list of [permit(dns(base)), exclude(dns(base))]) {
        assert.ok(!isAdmitted(underRead('subdomains-only', list), named(dns('a.b'))), base);
      }
    }
    for (const reading of ['refuse', 'subdomains-only'] as const) {
      assert.ok(isAdmitted(underRead(reading, permit(uri('.corp.example'))), named(uri('https://a.corp.example/'))));
    }
  });
});

describe('an authority of the document', () => {
  const line = 'nameConstraints = critical, permitted;DNS:.corp.example';
  const issuing = issueIntermediate({ extensions: [...authorityExtensions, line] });
  const judge = (authority: AuthorityInput, names?: readonly string[]): string => {
    const caller = issueCaller({ issuer: issuing, ...(names === undefined ? {} : { names }) });
    const identity = {
      name: 'b',
      names: ['billing.corp.example', 'corp.example'].map((name) => ({ issuedBy: 'corp', dns: name })),
    };
    const trust = issuedSnapshot([identity], {
      authorities: [authorityOf({ intermediates: [issuing], ...authority })],
    });
    const question = { header: caller.header, trust, requirement: { functionName: 'f', roles: [] }, now };
    const decision = decideAccess(question);
    return decision.outcome === 'denied' ? `${decision.code}: ${decision.detail}` : decision.outcome;
  };

  it('refuses the constraint unless the document says otherwise, and says whose it is and what to do', () => {
    for (const setting of [{}, { dnsConstraintsWithLeadingDot: 'refuse' }]) {
      const said = judge(setting);
      assert.match(said, /^path_name_not_permitted: .*the dNSName "billing\.corp\.example" falls under/);
      assert.match(
        said,
        /name constraint of "CN=Corp issuing CA" that can't be processed: the dNSName "\.corp\.example"/,
      );
      assert.match(said, /let the CA write "corp\.example", or,.* set dnsConstraintsWithLeadingDot of the authority/);
      assert.match(said, /the authority "corp"/);
    }
  });

  it('reads the constraint as subdomains only if the document says so, even an anchor’s own constraint', () => {
    assert.equal(judge(asSubdomains), 'allowed');
    assert.equal(judge({ anchors: [issuing], intermediates: [], ...asSubdomains }), 'allowed');
    assert.match(judge(asSubdomains, ['DNS:corp.example']), /^path_name_not_permitted: .*none that an issuer/);
    assert.match(judge({ anchors: [getStage().impostorRoot], ...asSubdomains }), /^path_/);
  });
});
