//! The cipher suites with ChaCha20-Poly1305, by a crate of our own: those of *ring*, whose hashes and
//! signatures they keep, are less than half as fast in wasm.

use alloc::boxed::Box;

use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, KeyBlockShape, MessageDecrypter,
    MessageEncrypter, Nonce, OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload,
    Tls12AeadAlgorithm, Tls13AeadAlgorithm, UnsupportedOperationError, make_tls12_aad,
    make_tls13_aad,
};
use rustls::crypto::ring::cipher_suite as ring;
use rustls::{
    CipherSuiteCommon, ConnectionTrafficSecrets, ContentType, Error, ProtocolVersion,
    SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite,
};
use wasocket_chacha20poly1305::{ChaCha20Poly1305, KEY_LEN, NONCE_LEN, TAG_LEN};

/// How long what a record of TLS 1.2 carries may be, in bytes (RFC 5246, section 6.2.1).
const MAX_FRAGMENT_LEN: usize = 1 << 14;

pub(super) static TLS13_CHACHA20_POLY1305_SHA256: SupportedCipherSuite =
    SupportedCipherSuite::Tls13(&TLS13);
pub(super) static TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: SupportedCipherSuite =
    SupportedCipherSuite::Tls12(&TLS12_ECDSA);
pub(super) static TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: SupportedCipherSuite =
    SupportedCipherSuite::Tls12(&TLS12_RSA);

static TLS13: Tls13CipherSuite = tls13_like(&ring::TLS13_CHACHA20_POLY1305_SHA256);
static TLS12_ECDSA: Tls12CipherSuite =
    tls12_like(&ring::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256);
static TLS12_RSA: Tls12CipherSuite = tls12_like(&ring::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256);

/// A suite with our cipher, and all else as another has it.
const fn tls13_like(suite: &SupportedCipherSuite) -> Tls13CipherSuite {
    let SupportedCipherSuite::Tls13(suite) = suite else {
        panic!("not a suite of TLS 1.3")
    };
    Tls13CipherSuite {
        common: common_like(&suite.common),
        hkdf_provider: suite.hkdf_provider,
        aead_alg: &Aead,
        quic: None,
    }
}

/// See [`tls13_like`].
const fn tls12_like(suite: &SupportedCipherSuite) -> Tls12CipherSuite {
    let SupportedCipherSuite::Tls12(suite) = suite else {
        panic!("not a suite of TLS 1.2")
    };
    Tls12CipherSuite {
        common: common_like(&suite.common),
        prf_provider: suite.prf_provider,
        kx: suite.kx,
        sign: suite.sign,
        aead_alg: &Aead,
    }
}

const fn common_like(common: &CipherSuiteCommon) -> CipherSuiteCommon {
    CipherSuiteCommon {
        suite: common.suite,
        hash_provider: common.hash_provider,
        confidentiality_limit: common.confidentiality_limit,
    }
}

struct Aead;

impl Tls13AeadAlgorithm for Aead {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        Box::new(Tls13(Records::new(&key, iv)))
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        Box::new(Tls13(Records::new(&key, iv)))
    }

    fn key_len(&self) -> usize {
        KEY_LEN
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: Iv,
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Ok(ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv })
    }
}

impl Tls12AeadAlgorithm for Aead {
    fn encrypter(&self, key: AeadKey, iv: &[u8], _: &[u8]) -> Box<dyn MessageEncrypter> {
        Box::new(Tls12(Records::new(&key, Iv::copy(iv))))
    }

    fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter> {
        Box::new(Tls12(Records::new(&key, Iv::copy(iv))))
    }

    /// RFC 7905, section 2: the nonce is made as in TLS 1.3, and no part of it is sent.
    fn key_block_shape(&self) -> KeyBlockShape {
        KeyBlockShape {
            enc_key_len: KEY_LEN,
            fixed_iv_len: NONCE_LEN,
            explicit_nonce_len: 0,
        }
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: &[u8],
        _: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Ok(ConnectionTrafficSecrets::Chacha20Poly1305 {
            key,
            iv: Iv::copy(iv),
        })
    }
}

/// The records of one direction.
struct Records {
    aead: ChaCha20Poly1305,
    iv: Iv,
}

impl Records {
    fn new(key: &AeadKey, iv: Iv) -> Self {
        let key = key
            .as_ref()
            .try_into()
            .expect("rustls makes keys of the length that it is told");
        Self {
            aead: ChaCha20Poly1305::new(key),
            iv,
        }
    }

    fn nonce(&self, number: u64) -> [u8; NONCE_LEN] {
        Nonce::new(&self.iv, number).0
    }

    /// Seals all that is in `payload`, and appends the tag.
    fn seal(&self, number: u64, associated: &[u8], payload: &mut PrefixedPayload) {
        let tag = self
            .aead
            .seal(&self.nonce(number), associated, payload.as_mut());
        payload.extend_from_slice(&tag);
    }

    /// Opens a payload, which ends in its tag, where it is; returns its length without the tag.
    /// `associated` is what is authenticated with so long a text.
    fn open<const N: usize>(
        &self,
        number: u64,
        associated: impl FnOnce(usize) -> [u8; N],
        payload: &mut [u8],
    ) -> Result<usize, Error> {
        let (text, tag) = payload
            .split_last_chunk_mut::<TAG_LEN>()
            .ok_or(Error::DecryptError)?;
        self.aead
            .open(&self.nonce(number), &associated(text.len()), text, tag)
            .map_err(|_| Error::DecryptError)?;
        Ok(text.len())
    }
}

/// RFC 8446, section 5.2.
struct Tls13(Records);

impl MessageEncrypter for Tls13 {
    fn encrypt(
        &mut self,
        message: OutboundPlainMessage<'_>,
        number: u64,
    ) -> Result<OutboundOpaqueMessage, Error> {
        let sealed_len = self.encrypted_payload_len(message.payload.len());
        let mut payload = PrefixedPayload::with_capacity(sealed_len);
        payload.extend_from_chunks(&message.payload);
        payload.extend_from_slice(&[message.typ.into()]);
        self.0
            .seal(number, &make_tls13_aad(sealed_len), &mut payload);
        // All records say that they are of application data and of TLS 1.2 (section 5.1).
        let (typ, version) = (ContentType::ApplicationData, ProtocolVersion::TLSv1_2);
        Ok(OutboundOpaqueMessage::new(typ, version, payload))
    }

    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        // Between them is the type of what the record carries.
        payload_len + 1 + TAG_LEN
    }
}

impl MessageDecrypter for Tls13 {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        number: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let associated = |text_len| make_tls13_aad(text_len + TAG_LEN);
        let text_len = self.0.open(number, associated, &mut message.payload)?;
        message.payload.truncate(text_len);
        message.into_tls13_unpadded_message()
    }
}

/// RFC 5246, section 6.2.3.3, as RFC 7905 has it.
struct Tls12(Records);

impl MessageEncrypter for Tls12 {
    fn encrypt(
        &mut self,
        message: OutboundPlainMessage<'_>,
        number: u64,
    ) -> Result<OutboundOpaqueMessage, Error> {
        let OutboundPlainMessage {
            typ,
            version,
            payload: text,
        } = message;
        let mut payload = PrefixedPayload::with_capacity(self.encrypted_payload_len(text.len()));
        payload.extend_from_chunks(&text);
        let associated = make_tls12_aad(number, typ, version, text.len());
        self.0.seal(number, &associated, &mut payload);
        Ok(OutboundOpaqueMessage::new(typ, version, payload))
    }

    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        payload_len + TAG_LEN
    }
}

impl MessageDecrypter for Tls12 {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        number: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let (typ, version) = (message.typ, message.version);
        let associated = |text_len| make_tls12_aad(number, typ, version, text_len);
        let text_len = self.0.open(number, associated, &mut message.payload)?;
        if text_len > MAX_FRAGMENT_LEN {
            return Err(Error::PeerSentOversizedRecord);
        }
        message.payload.truncate(text_len);
        Ok(message.into_plain_message())
    }
}
