use core::fmt;

/// What an alert says (RFC 8446, section 6): its `AlertDescription`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert(u8);

impl Alert {
    pub(crate) const BAD_CERTIFICATE: Self = Self(42);
    pub(crate) const CERTIFICATE_REQUIRED: Self = Self(116);
    pub(crate) const CERTIFICATE_UNKNOWN: Self = Self(46);
    pub(crate) const HANDSHAKE_FAILURE: Self = Self(40);

    pub(crate) fn new(code: u8) -> Self {
        Self(code)
    }

    /// The code, as it travels.
    pub fn code(self) -> u8 {
        self.0
    }

    /// The name in IANA's registry of TLS alerts, unless the code has none.
    pub fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0 => "close_notify",
            10 => "unexpected_message",
            20 => "bad_record_mac",
            21 => "decryption_failed",
            22 => "record_overflow",
            30 => "decompression_failure",
            40 => "handshake_failure",
            41 => "no_certificate",
            42 => "bad_certificate",
            43 => "unsupported_certificate",
            44 => "certificate_revoked",
            45 => "certificate_expired",
            46 => "certificate_unknown",
            47 => "illegal_parameter",
            48 => "unknown_ca",
            49 => "access_denied",
            50 => "decode_error",
            51 => "decrypt_error",
            60 => "export_restriction",
            70 => "protocol_version",
            71 => "insufficient_security",
            80 => "internal_error",
            86 => "inappropriate_fallback",
            90 => "user_canceled",
            100 => "no_renegotiation",
            109 => "missing_extension",
            110 => "unsupported_extension",
            111 => "certificate_unobtainable",
            112 => "unrecognized_name",
            113 => "bad_certificate_status_response",
            114 => "bad_certificate_hash_value",
            115 => "unknown_psk_identity",
            116 => "certificate_required",
            120 => "no_application_protocol",
            121 => "ech_required",
            _ => return None,
        })
    }
}

impl fmt::Display for Alert {
    /// As in `handshake_failure (40)`; without a name, as in `99`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({})", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn alerts_are_shown_by_name_and_code() {
        assert_eq!(
            Alert::HANDSHAKE_FAILURE.to_string(),
            "handshake_failure (40)"
        );
        assert_eq!(Alert::new(99).to_string(), "99");
        assert_eq!(Alert::new(99).name(), None);
    }
}
