//! What the fields of an HTTP message are made of (RFC 9110, section 5).

/// Whether these bytes are a token (section 5.6.2).
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(is_token_octet)
}

/// Whether this octet may stand in a token.
pub(crate) fn is_token_octet(octet: &u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(octet)
}

/// Whether these bytes are the value of a field (section 5.5): visible characters, space, tab, and
/// bytes above ASCII.
pub(crate) fn is_field_value(value: &[u8]) -> bool {
    value
        .iter()
        .all(|&byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f))
}
