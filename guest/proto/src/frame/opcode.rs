/// How to interpret a frame's payload (RFC 6455, section 5.2).
///
/// The space is four bits and closed: what is not listed is reserved, and a frame that uses it
/// fails the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Opcode {
    Continuation = 0x0,
    Text = 0x1,
    Binary = 0x2,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xa,
}

impl Opcode {
    /// RFC 6455, section 5.5: "opcodes where the most significant bit of the opcode is 1".
    pub(crate) fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }

    /// Whether a frame with it is the first of a data message.
    pub(crate) fn starts_message(self) -> bool {
        matches!(self, Self::Text | Self::Binary)
    }
}

impl TryFrom<u8> for Opcode {
    type Error = u8;

    /// Fails with the value itself if it is reserved.
    fn try_from(value: u8) -> Result<Self, u8> {
        match value {
            0x0 => Ok(Self::Continuation),
            0x1 => Ok(Self::Text),
            0x2 => Ok(Self::Binary),
            0x8 => Ok(Self::Close),
            0x9 => Ok(Self::Ping),
            0xa => Ok(Self::Pong),
            reserved => Err(reserved),
        }
    }
}
