// Makes certificates that are the same in every run, because each key is derived from a name. The keys are therefore
// not secret, and no file keeps them.
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import * as asn1 from '@peculiar/asn1-x509';

const ed25519 = new asn1.AlgorithmIdentifier({ algorithm: '1.3.101.112' });
const clientAuth = '1.3.6.1.5.5.7.3.2';
/** The octets with which an Ed25519 key begins in PKCS #8 (RFC 8410 §7), before the 32 octets of its seed. */
const keyStart = Buffer.from('302e020100300506032b657004220420', 'hex');
const { digitalSignature, keyCertSign, cRLSign } = asn1.KeyUsageFlags;

/** A caller's certificate: self-signed, or issued by `issuer` for the DNS name `dns`. */
export function makeCertificate({ name, begin, end, issuer, dns }) {
  const keys = deriveKeys(`${name} ${begin}`);
  const extensions = [
    extend(asn1.id_ce_basicConstraints, true, new asn1.BasicConstraints({ cA: false })),
    extend(asn1.id_ce_keyUsage, true, new asn1.KeyUsage(digitalSignature)),
    extend(asn1.id_ce_extKeyUsage, false, new asn1.ExtendedKeyUsage([clientAuth])),
  ];
  if (issuer !== undefined) {
    const keyIdentifier = new asn1.KeyIdentifier(identifyKey(issuer.keys));
    extensions.push(
      extend(asn1.id_ce_authorityKeyIdentifier, false, new asn1.AuthorityKeyIdentifier({ keyIdentifier })),
      extend(
        asn1.id_ce_subjectAltName,
        false,
        new asn1.SubjectAlternativeName([new asn1.GeneralName({ dNSName: dns })]),
      ),
    );
  }
  return seal({ name, begin, end, keys, issuer: issuer ?? { name, keys }, extensions });
}

/** A root CA with its keys and certificate. */
export function makeAuthority({ name, begin, end }) {
  const keys = deriveKeys(name);
  const extensions = [
    extend(asn1.id_ce_basicConstraints, true, new asn1.BasicConstraints({ cA: true })),
    extend(asn1.id_ce_keyUsage, true, new asn1.KeyUsage(keyCertSign | cRLSign)),
    extend(asn1.id_ce_subjectKeyIdentifier, false, new asn1.SubjectKeyIdentifier(identifyKey(keys))),
  ];
  return { name, keys, ...seal({ name, begin, end, keys, issuer: { name, keys }, extensions }) };
}

/** The id of a signing key, in the form in which status lines show the key that signed a document. */
export function shortenKey(name) {
  return hash(deriveKeys(name).publicKey.export({ type: 'spki', format: 'der' })).slice(0, 16);
}

export function hash(data) {
  return createHash('sha256').update(data).digest('hex').toUpperCase();
}

function deriveKeys(name) {
  const seed = Buffer.from(hash(`key of ${name}`), 'hex');
  const privateKey = createPrivateKey({ key: Buffer.concat([keyStart, seed]), format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

function seal({ name, begin, end, keys, issuer, extensions }) {
  const tbsCertificate = new asn1.TBSCertificate({
    version: asn1.Version.v3,
    serialNumber: toBuffer(Buffer.from(`40${hash(`${name} ${begin}`).slice(0, 30)}`, 'hex')),
    signature: ed25519,
    issuer: nameOf(issuer.name),
    subject: nameOf(name),
    validity: new asn1.Validity({ notBefore: new Date(begin), notAfter: new Date(end) }),
    subjectPublicKeyInfo: readPublicKey(keys),
    extensions: new asn1.Extensions(extensions),
  });
  const signature = sign(null, Buffer.from(AsnConvert.serialize(tbsCertificate)), issuer.keys.privateKey);
  const signed = { tbsCertificate, signatureAlgorithm: ed25519, signatureValue: toBuffer(signature) };
  const der = Buffer.from(AsnConvert.serialize(new asn1.Certificate(signed)));
  const base64 = der.toString('base64');
  const pem = `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{64}/g, '$&\n').trimEnd()}\n-----END CERTIFICATE-----\n`;
  return { base64, pem, thumbprintSha256: hash(der), end };
}

function nameOf(commonName) {
  const value = new asn1.AttributeValue({ utf8String: commonName });
  return new asn1.Name([
    new asn1.RelativeDistinguishedName([new asn1.AttributeTypeAndValue({ type: '2.5.4.3', value })]),
  ]);
}

function extend(extnID, critical, value) {
  return new asn1.Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function readPublicKey({ publicKey }) {
  return AsnConvert.parse(publicKey.export({ type: 'spki', format: 'der' }), asn1.SubjectPublicKeyInfo);
}

/** The identifier of a key: the first 160 bits of its SHA-256 (RFC 7093 §2). */
function identifyKey(keys) {
  const digest = hash(Buffer.from(readPublicKey(keys).subjectPublicKey));
  return toBuffer(Buffer.from(digest.slice(0, 40), 'hex'));
}

function toBuffer(bytes) {
  return Uint8Array.from(bytes).buffer;
}
