import { readFileSync, writeFileSync } from 'node:fs';
import { play, present, type Scene } from './drill-gate.js';
import { add, addNamed, begin, rewrite } from './drill-stage.js';

// Faults of the certificate itself, and of the path to its authority.

const unfit = (certificate: string, cause: RegExp): Scene => ({
  certificate,
  cause,
  play: async () => {
    await begin();
    await add('a1', '--certificate', `${certificate}.crt.pem`, '--even-if-unfit');
    // The owner of the caller gets a suitable certificate.
    writeFileSync('new.crt.pem', readFileSync('caller.crt.pem'));
    const { log } = await play({ reading: present(certificate) });
    return { log, isEnded: async () => (await play({ reading: present('caller') })).isEnded() };
  },
});

export const certificateScenes: Readonly<Record<string, Scene>> = {
  'the certificate and its pin have ended': unfit('ended', /certificate itself has expired too, at 2025-01-01/),
  'the certificate has ended, and its pin has no end': {
    ...unfit('ended', /certificate expired at 2025-01-01/),
    play: async () => {
      const scene = unfit('ended', /./);
      await scene.play();
      rewrite(({ identities, ...rest }) => ({
        ...rest,
        identities: identities.map((identity) => ({
          ...identity,
          pins: (identity.pins ?? []).map(({ thumbprintSha256 }) => ({ thumbprintSha256 })),
        })),
      }));
      const { log } = await play({ reading: present('ended') });
      return { log, isEnded: async () => (await play({ reading: present('caller') })).isEnded() };
    },
  },
  'a CA certificate calls': unfit('root', /is a CA certificate/),
  'the certificate is for servers': unfit('server', /client authentication is not among the uses/),
  'the certificate may not sign': unfit('agreeing', /key usage without `digitalSignature`/),
  'the key is too weak': unfit('weak', /key \(RSA 1024\) is too weak/),
  'the key is of an unknown kind': unfit('koblitz', /of a kind that Certgate does not support/),
  'an extension is unknown and critical': unfit(
    'odd',
    /critical extension that Certgate does not understand: 1\.2\.3\.4/,
  ),
};

/** A certificate of the authority, with a path that the gate refuses. */
const badPath = (
  certificate: string,
  cause: RegExp,
  advice: RegExp,
  anchor: string,
  ...files: readonly string[]
): Scene => ({
  certificate,
  cause,
  advice,
  play: async () => {
    await begin();
    const intermediates = files.flatMap((file) => ['--intermediate', `${file}.crt.pem`]);
    await addNamed('authority', 'add', 'corp', '--trust-anchor', `${anchor}.crt.pem`, ...intermediates);
    return play({ reading: present(certificate) });
  },
});
const another = /Ask the authority for one that does/;
const reissued = /The authority must issue another certificate/;
export const pathScenes: Readonly<Record<string, Scene>> = {
  'a CA certificate is not valid yet': badPath('of-early', /"CN=early" is valid from 2050/, /clock/, 'root', 'early'),
  'a CA may not issue CA certificates': badPath(
    ...([
      'of-below',
      /path length|pathLen/i,
      /A CA issued a CA certificate that it may not issue/,
      'short',
      'below',
    ] as const),
  ),
  'a CA certificate has an unknown critical extension': badPath('of-strange', /1\.2\.3\.4/, another, 'root', 'strange'),
  'a CA is for servers only': badPath('of-serving', /extended key usage/, another, 'root', 'serving'),
  'a CA requires a policy': badPath('of-strict', /policy is required/, reissued, 'root', 'strict'),
  'the key of a CA is too weak': badPath('of-feeble', /"CN=feeble".*1024/, another, 'root', 'feeble'),
  'the signature uses SHA-1': badPath('hashed', /SHA-1|sha1/i, reissued, 'root'),
};
