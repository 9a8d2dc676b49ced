use alloc::vec::Vec;

use super::opcode::Opcode;
use crate::error::ProtocolError;

/// The longest payload of a control frame, in bytes (RFC 6455, section 5.5).
pub const MAX_CONTROL_PAYLOAD_LEN: usize = 125;

/// The second octet says that 16 bits of length follow.
const LEN_16: u8 = 126;
/// The second octet says that 64 bits of length follow.
const LEN_64: u8 = 127;

/// The longest header that a server may send: two octets and 64 bits of length.
const MAX_SERVER_HEADER_LEN: usize = 10;

/// RSV1 to RSV3 in the first octet.
const RESERVED_BITS: u8 = 0x70;
/// RSV1, which RFC 7692 calls "Per-Message Compressed".
const RSV1: u8 = 0x40;

/// What stands before a frame's payload (RFC 6455, section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub(crate) fin: bool,
    /// The message is compressed (RFC 7692, section 6); only on its first frame.
    pub(crate) rsv1: bool,
    pub(crate) opcode: Opcode,
    pub(crate) payload_len: u64,
}

impl FrameHeader {
    /// Writes the header of a frame that a client sends. The masked payload is to follow.
    pub(crate) fn encode_masked(self, masking_key: [u8; 4], out: &mut Vec<u8>) {
        let fin = if self.fin { 0x80 } else { 0 };
        let rsv1 = if self.rsv1 { RSV1 } else { 0 };
        out.push(fin | rsv1 | self.opcode as u8);
        // RFC 6455, section 5.2: "the minimal number of bytes MUST be used to encode the length".
        match (u16::try_from(self.payload_len), self.payload_len as u8) {
            (Ok(..=125), len) => out.push(0x80 | len),
            (Ok(len), _) => {
                out.push(0x80 | LEN_16);
                out.extend_from_slice(&len.to_be_bytes());
            }
            (Err(_), _) => {
                out.push(0x80 | LEN_64);
                out.extend_from_slice(&self.payload_len.to_be_bytes());
            }
        }
        out.extend_from_slice(&masking_key);
    }

    /// Reads the header of a frame that a server sent, from the first bytes of it. `compressible`
    /// says that permessage-deflate is negotiated, which defines RSV1.
    ///
    /// Returns the header and its length, or `None` if more bytes are needed. What breaks a rule
    /// is refused at the first byte that proves it, before the bytes that it announces.
    fn decode(bytes: &[u8], compressible: bool) -> Result<Option<(Self, usize)>, ProtocolError> {
        let Some(&first) = bytes.first() else {
            return Ok(None);
        };
        // RFC 6455, section 5.2: "MUST be 0 unless an extension is negotiated that defines
        // meanings for non-zero values."
        let reserved_bits = first & RESERVED_BITS;
        if reserved_bits & !RSV1 != 0 || (reserved_bits != 0 && !compressible) {
            return Err(ProtocolError::ReservedBits(reserved_bits >> 4));
        }
        let fin = first & 0x80 != 0;
        let rsv1 = reserved_bits != 0;
        let opcode = Opcode::try_from(first & 0xf).map_err(ProtocolError::ReservedOpcode)?;
        // RFC 7692, section 6: "An endpoint MUST NOT set the "Per-Message Compressed" bit of
        // control frames and non-first fragments of a data message."
        if rsv1 && !opcode.starts_message() {
            return Err(ProtocolError::ReservedBits(reserved_bits >> 4));
        }
        // Section 5.5: "All control frames [...] MUST NOT be fragmented."
        if opcode.is_control() && !fin {
            return Err(ProtocolError::FragmentedControlFrame);
        }

        let Some(&second) = bytes.get(1) else {
            return Ok(None);
        };
        // Section 5.1: "A client MUST close a connection if it detects a masked frame."
        if second & 0x80 != 0 {
            return Err(ProtocolError::MaskedFrame);
        }
        // Section 5.5: "All control frames MUST have a payload length of 125 bytes or less".
        if opcode.is_control() && usize::from(second) > MAX_CONTROL_PAYLOAD_LEN {
            return Err(ProtocolError::ControlFrameTooBig);
        }
        let (payload_len, len) = match second {
            LEN_16 => match bytes.get(2..4) {
                None => return Ok(None),
                Some(len) => (u16::from_be_bytes([len[0], len[1]]).into(), 4),
            },
            LEN_64 => match bytes.get(2..).and_then(|rest| rest.first_chunk()) {
                // "the most significant bit MUST be 0", which the first octet tells.
                None if bytes.get(2).is_some_and(|high| high & 0x80 != 0) => {
                    return Err(ProtocolError::PayloadLengthOutOfRange);
                }
                None => return Ok(None),
                Some(len) => (u64::from_be_bytes(*len), 10),
            },
            len => (len.into(), 2),
        };
        if payload_len > i64::MAX as u64 {
            return Err(ProtocolError::PayloadLengthOutOfRange);
        }
        let minimal = match len {
            2 => 0,
            4 => u64::from(LEN_16),
            _ => u64::from(u16::MAX) + 1,
        };
        if payload_len < minimal {
            return Err(ProtocolError::PayloadLengthNotMinimal);
        }
        let header = Self {
            fin,
            rsv1,
            opcode,
            payload_len,
        };
        Ok(Some((header, len)))
    }
}

/// Collects a header whose bytes may arrive one at a time.
#[derive(Debug, Default)]
pub(crate) struct HeaderDecoder {
    /// Frames may have RSV1 set.
    compressible: bool,
    partial: [u8; MAX_SERVER_HEADER_LEN],
    /// How many bytes of `partial` have arrived; fewer than the header has.
    len: usize,
}

impl HeaderDecoder {
    pub(crate) fn new(compressible: bool) -> Self {
        Self {
            compressible,
            ..Self::default()
        }
    }

    /// Takes the next bytes of the stream; returns how many belong to the header, and the header
    /// if it is complete.
    pub(crate) fn push(
        &mut self,
        bytes: &[u8],
    ) -> Result<(usize, Option<FrameHeader>), ProtocolError> {
        if self.len == 0 {
            // The usual case: the header stands whole in what was read.
            if let Some((header, len)) = FrameHeader::decode(bytes, self.compressible)? {
                return Ok((len, Some(header)));
            }
        }
        let taken = bytes.len().min(MAX_SERVER_HEADER_LEN - self.len);
        let known = self.len;
        self.partial[known..known + taken].copy_from_slice(&bytes[..taken]);
        match FrameHeader::decode(&self.partial[..known + taken], self.compressible)? {
            Some((header, len)) => {
                self.len = 0;
                Ok((len - known, Some(header)))
            }
            // A header is never longer than `partial`, so all of `bytes` was taken.
            None => {
                self.len = known + taken;
                Ok((taken, None))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(opcode: Opcode, payload_len: u64) -> FrameHeader {
        FrameHeader {
            fin: true,
            rsv1: false,
            opcode,
            payload_len,
        }
    }

    #[test]
    fn lengths_are_written_in_the_fewest_bytes() {
        let cases: [(u64, &[u8]); 7] = [
            (0, &[0x82, 0x80]),
            (125, &[0x82, 0xfd]),
            (126, &[0x82, 0xfe, 0x00, 0x7e]),
            (127, &[0x82, 0xfe, 0x00, 0x7f]),
            (65_535, &[0x82, 0xfe, 0xff, 0xff]),
            (65_536, &[0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0]),
            (16 << 20, &[0x82, 0xff, 0, 0, 0, 0, 1, 0, 0, 0]),
        ];
        for (payload_len, expected) in cases {
            let mut out = Vec::new();
            header(Opcode::Binary, payload_len).encode_masked([1, 2, 3, 4], &mut out);
            assert_eq!(out, [expected, &[1, 2, 3, 4]].concat(), "{payload_len}");
        }
    }

    #[test]
    fn lengths_are_read_at_every_boundary() {
        let cases: [(&[u8], u64); 7] = [
            (&[0x82, 0x00], 0),
            (&[0x82, 0x7d], 125),
            (&[0x82, 0x7e, 0x00, 0x7e], 126),
            (&[0x82, 0x7e, 0x00, 0x7f], 127),
            (&[0x82, 0x7e, 0xff, 0xff], 65_535),
            (&[0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0], 65_536),
            (
                &[0x82, 0x7f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
                i64::MAX as u64,
            ),
        ];
        for (bytes, payload_len) in cases {
            let expected = (header(Opcode::Binary, payload_len), bytes.len());
            assert_eq!(FrameHeader::decode(bytes, false), Ok(Some(expected)));
        }
    }

    #[test]
    fn a_prefix_of_a_header_needs_more() {
        for bytes in [
            &[0x82, 0x7d][..],
            &[0x81, 0x7e, 0x01, 0x00],
            &[0x02, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0],
        ] {
            for len in 0..bytes.len() {
                assert_eq!(
                    FrameHeader::decode(&bytes[..len], false),
                    Ok(None),
                    "{bytes:x?}"
                );
            }
        }
    }

    #[test]
    fn a_violation_is_refused_at_the_first_byte_that_proves_it() {
        use ProtocolError::*;
        let cases: [(&[u8], ProtocolError); 14] = [
            (&[0xc1], ReservedBits(4)),
            (&[0xa1], ReservedBits(2)),
            (&[0x91], ReservedBits(1)),
            (&[0x83], ReservedOpcode(0x3)),
            (&[0x87], ReservedOpcode(0x7)),
            (&[0x8b], ReservedOpcode(0xb)),
            (&[0x8f], ReservedOpcode(0xf)),
            (&[0x09], FragmentedControlFrame),
            (&[0x82, 0x80], MaskedFrame),
            (&[0x89, 0x7e], ControlFrameTooBig),
            (&[0x88, 0x7f], ControlFrameTooBig),
            (&[0x82, 0x7e, 0x00, 0x7d], PayloadLengthNotMinimal),
            (
                &[0x82, 0x7f, 0, 0, 0, 0, 0, 0, 0xff, 0xff],
                PayloadLengthNotMinimal,
            ),
            (&[0x82, 0x7f, 0x80], PayloadLengthOutOfRange),
        ];
        for (bytes, error) in cases {
            let before = &bytes[..bytes.len() - 1];
            assert_eq!(FrameHeader::decode(before, false), Ok(None), "{bytes:x?}");
            assert_eq!(FrameHeader::decode(bytes, false), Err(error), "{bytes:x?}");
        }
    }

    #[test]
    fn with_compression_rsv1_may_stand_on_the_first_frame_of_a_message() {
        for (first, opcode) in [(0xc1, Opcode::Text), (0xc2, Opcode::Binary)] {
            let expected = FrameHeader {
                rsv1: true,
                ..header(opcode, 0)
            };
            let decoded = FrameHeader::decode(&[first, 0], true);
            assert_eq!(decoded, Ok(Some((expected, 2))));
        }
        for (first, bits) in [
            (0xc0, 4),
            (0xc8, 4),
            (0xc9, 4),
            (0xca, 4),
            (0xe1, 6),
            (0x91, 1),
        ] {
            let decoded = FrameHeader::decode(&[first], true);
            assert_eq!(decoded, Err(ProtocolError::ReservedBits(bits)));
        }
    }

    #[test]
    fn a_header_may_arrive_in_any_pieces() {
        let bytes = [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0, 0xaa];
        for split in 0..bytes.len() {
            let mut decoder = HeaderDecoder::default();
            let (taken, decoded) = decoder.push(&bytes[..split]).unwrap();
            let (rest, decoded) = match decoded {
                Some(decoded) => (0, Some(decoded)),
                None => decoder.push(&bytes[split..]).unwrap(),
            };
            assert_eq!(taken + rest, 10);
            assert_eq!(decoded, Some(header(Opcode::Binary, 65_536)));
            assert_eq!(decoder.len, 0);
        }
    }
}
