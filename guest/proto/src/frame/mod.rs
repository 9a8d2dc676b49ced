//! One frame (RFC 6455, section 5): its header, its opcode, masking, and what a Close frame says.

mod close;
mod header;
mod mask;
mod opcode;

pub use close::{CloseCode, CloseFrame, CloseFrameError};
pub use header::MAX_CONTROL_PAYLOAD_LEN;
pub(crate) use header::{FrameHeader, HeaderDecoder};
pub use mask::MaskingKeys;
pub(crate) use mask::{UNMASKED, apply_mask};
pub(crate) use opcode::Opcode;
