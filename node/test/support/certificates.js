// Throwaway certificates: a certificate authority, and what it signs.

'use strict';

const crypto = require('node:crypto');
const forge = require('node-forge');

const DAY = 86_400_000;

/** A certificate authority that nobody trusts until told to. */
class Authority {
  #keys = generateKeys();
  #subject = [{ name: 'commonName', value: 'throwaway authority of a test' }];

  constructor() {
    const certificate = newCertificate(this.#keys, this.#subject, this.#subject);
    certificate.setExtensions([
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ]);
    /** Its own certificate, in PEM. */
    this.pem = this.#sign(certificate);
  }

  /** A certificate and its key for a server at 127.0.0.1, as node:tls takes them. */
  issue() {
    const keys = generateKeys();
    const certificate = newCertificate(
      keys,
      [{ name: 'commonName', value: 'server' }],
      this.#subject,
    );
    certificate.setExtensions([
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    ]);
    return { cert: this.#sign(certificate), key: forge.pki.privateKeyToPem(keys.privateKey) };
  }

  #sign(certificate) {
    certificate.sign(this.#keys.privateKey, forge.md.sha256.create());
    return forge.pki.certificateToPem(certificate);
  }
}

function newCertificate(keys, subject, issuer) {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = keys.publicKey;
  // A positive number: the first bit of DER integers is their sign.
  certificate.serialNumber = `01${crypto.randomBytes(8).toString('hex')}`;
  certificate.validity.notBefore = new Date(Date.now() - DAY);
  certificate.validity.notAfter = new Date(Date.now() + DAY);
  certificate.setSubject(subject);
  certificate.setIssuer(issuer);
  return certificate;
}

function generateKeys() {
  const { privateKey, publicKey } = crypto.generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return {
    privateKey: forge.pki.privateKeyFromPem(privateKey),
    publicKey: forge.pki.publicKeyFromPem(publicKey),
  };
}

module.exports = { Authority };
