use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::header::MAX_CONTROL_PAYLOAD_LEN;
use crate::error::ProtocolError;

/// The status code of a Close frame (RFC 6455, section 7.4).
///
/// The space is open: 3000 to 3999 are registered with IANA, 4000 to 4999 are for private use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: the purpose for which the connection was established is fulfilled.
    pub const NORMAL_CLOSURE: Self = Self(1000);
    /// 1001: an endpoint is going away.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: a protocol error.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1003: a type of data that the endpoint cannot accept.
    pub const UNSUPPORTED_DATA: Self = Self(1003);
    /// 1005: no status code was received. Never sent.
    pub const NO_STATUS_RCVD: Self = Self(1005);
    /// 1006: the connection was lost without a Close frame. Never sent.
    pub const ABNORMAL_CLOSURE: Self = Self(1006);
    /// 1007: data that does not fit the type of the message, such as text that is not UTF-8.
    pub const INVALID_FRAME_PAYLOAD_DATA: Self = Self(1007);
    /// 1008: a message that violates the endpoint's policy.
    pub const POLICY_VIOLATION: Self = Self(1008);
    /// 1009: a message too big to process.
    pub const MESSAGE_TOO_BIG: Self = Self(1009);
    /// 1010: the server did not negotiate an extension that the client needs.
    pub const MANDATORY_EXTENSION: Self = Self(1010);
    /// 1011: an unexpected condition at the endpoint.
    pub const INTERNAL_ERROR: Self = Self(1011);
    /// 1012: the service restarts.
    pub const SERVICE_RESTART: Self = Self(1012);
    /// 1013: try again later.
    pub const TRY_AGAIN_LATER: Self = Self(1013);
    /// 1014: a gateway received an invalid response.
    pub const BAD_GATEWAY: Self = Self(1014);
    /// 1015: the TLS handshake failed. Never sent.
    pub const TLS_HANDSHAKE: Self = Self(1015);

    /// The code as a number.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The code that `value` is, if a Close frame may carry it.
    ///
    /// Those are 1000 to 1003 and 1007 to 1014 (registered with IANA), 3000 to 3999 and 4000 to
    /// 4999. RFC 6455, section 7.4.1 forbids 1005, 1006 and 1015 on the wire and reserves 1004;
    /// section 7.4.2 reserves the rest of 1000 to 2999 and gives 0 to 999 no use.
    pub const fn on_wire(value: u16) -> Option<Self> {
        match value {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(Self(value)),
            _ => None,
        }
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CloseCode({})", self.0)
    }
}

/// What a Close frame says: a status code and a reason (RFC 6455, section 5.5.1).
///
/// Holding one means that it may stand on the wire. A Close frame without a status code is
/// `Option::None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseFrame {
    code: CloseCode,
    reason: String,
}

impl CloseFrame {
    /// The longest reason, in bytes: a control frame's payload less the status code.
    pub const MAX_REASON_LEN: usize = MAX_CONTROL_PAYLOAD_LEN - 2;

    /// A Close frame with a code and a reason, which may be empty.
    ///
    /// # Errors
    ///
    /// If the code may not be sent, or the reason is longer than [`Self::MAX_REASON_LEN`] bytes.
    pub fn new(code: u16, reason: impl Into<String>) -> Result<Self, CloseFrameError> {
        let reason = reason.into();
        let code = CloseCode::on_wire(code).ok_or(CloseFrameError::Code(code))?;
        if reason.len() > Self::MAX_REASON_LEN {
            return Err(CloseFrameError::ReasonTooLong { len: reason.len() });
        }
        Ok(Self { code, reason })
    }

    /// The frame with which an endpoint fails the connection.
    ///
    /// A reason that does not fit is cut between two characters.
    pub(crate) fn failing(code: CloseCode, reason: &str) -> Self {
        let end = reason.floor_char_boundary(Self::MAX_REASON_LEN);
        Self {
            code,
            reason: reason[..end].into(),
        }
    }

    /// The status code.
    pub fn code(&self) -> CloseCode {
        self.code
    }

    /// The reason, empty if none was given.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Reads the payload of a Close frame that the peer sent.
    pub(crate) fn parse(payload: &[u8]) -> Result<Option<Self>, ProtocolError> {
        let (code, reason) = match payload {
            [] => return Ok(None),
            [_] => return Err(ProtocolError::CloseFrameOfOneByte),
            [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
        };
        let code = CloseCode::on_wire(code).ok_or(ProtocolError::CloseCode(code))?;
        let reason = simdutf8::basic::from_utf8(reason)
            .map_err(|_| ProtocolError::CloseReasonNotUtf8)?
            .into();
        Ok(Some(Self { code, reason }))
    }

    pub(crate) fn to_payload(&self) -> Vec<u8> {
        let mut payload = Vec::with_capacity(2 + self.reason.len());
        payload.extend_from_slice(&self.code.0.to_be_bytes());
        payload.extend_from_slice(self.reason.as_bytes());
        payload
    }
}

/// Why a Close frame cannot be sent as asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CloseFrameError {
    /// The status code may not stand in a Close frame.
    #[error("{0} is not a close code that may be sent (1000-1003, 1007-1014 or 3000-4999)")]
    Code(u16),
    /// The reason does not fit a control frame.
    #[error("a reason of {len} bytes is too long (at most {max})", max = CloseFrame::MAX_REASON_LEN)]
    ReasonTooLong {
        /// The length of the reason, in bytes.
        len: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_may_stand_on_the_wire() {
        let allowed = |code| CloseCode::on_wire(code).is_some();
        for code in 0..=u16::MAX {
            let expected = (1000..=1003).contains(&code)
                || (1007..=1014).contains(&code)
                || (3000..=4999).contains(&code);
            assert_eq!(allowed(code), expected, "{code}");
        }
    }

    #[test]
    fn a_reason_of_123_bytes_fits_and_one_of_124_does_not() {
        assert!(CloseFrame::new(1000, "x".repeat(123)).is_ok());
        assert_eq!(
            CloseFrame::new(1000, "x".repeat(124)),
            Err(CloseFrameError::ReasonTooLong { len: 124 })
        );
    }

    #[test]
    fn a_reason_for_failing_is_cut_between_characters() {
        let frame = CloseFrame::failing(CloseCode::PROTOCOL_ERROR, &"é".repeat(70));
        assert_eq!(frame.reason().len(), 122);
    }

    #[test]
    fn a_payload_survives_writing_and_reading() {
        let frame = CloseFrame::new(4242, "déjà vu").unwrap();
        assert_eq!(CloseFrame::parse(&frame.to_payload()), Ok(Some(frame)));
    }

    #[test]
    fn payloads_that_break_the_rules_are_refused() {
        assert_eq!(CloseFrame::parse(&[]), Ok(None));
        assert_eq!(
            CloseFrame::parse(&[0x03]),
            Err(ProtocolError::CloseFrameOfOneByte)
        );
        assert_eq!(
            CloseFrame::parse(&[0x03, 0xed]),
            Err(ProtocolError::CloseCode(1005))
        );
        assert_eq!(
            CloseFrame::parse(&[0x03, 0xe8, 0xff]),
            Err(ProtocolError::CloseReasonNotUtf8)
        );
    }
}
